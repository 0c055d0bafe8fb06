import { Hono } from "hono";

const app = new Hono();
app.get("/", (c) => c.text("Hello"));
app.get("/healthz", (c) => c.text(Bun.version));

export default { port: Number(process.env.PORT ?? 3000), hostname: "0.0.0.0", fetch: app.fetch };
