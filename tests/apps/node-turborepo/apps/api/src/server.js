const fastify = require("fastify")();
const { price } = require("@shop/prices");

fastify.get("/", async () => ({ apple: price("apple") }));
fastify.get("/healthz", async () => ({ ok: price("a") > 0 }));
fastify.listen({ port: Number(process.env.PORT ?? 3000), host: "0.0.0.0" });
