import { Hono } from "hono";
import { greeting } from "./greeting.ts";

const app = new Hono();
app.get("/", (c) => c.text(greeting("Deno")));
app.get("/healthz", (c) => c.json({ status: "ok" }));

Deno.serve({ port: Number(Deno.env.get("PORT") ?? 8000), hostname: "0.0.0.0" }, app.fetch);
