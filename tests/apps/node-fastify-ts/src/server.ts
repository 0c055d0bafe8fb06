import Fastify from "fastify";
import { greet } from "./greet.js";

const app = Fastify({ logger: true });

app.get("/", async () => greet("world"));
app.get("/healthz", async () => ({ status: "ok" }));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void app.close().then(() => process.exit(0)));
}

await app.listen({ host: "0.0.0.0", port: Number(process.env.PORT ?? 3000) });
