import { Hono } from "hono";
import { zValidator } from "@hono/zod-validator";
import { z } from "zod";
import { card } from "./card.ts";
import { page } from "./page.ts";

const app = new Hono();
const query = zValidator(
  "query",
  z.object({ name: z.string().min(1).max(40).default("Deno") }),
);
app.get("/", query, (c) => c.html(page(c.req.valid("query").name, new Date())));
app.get(
  "/card.pdf",
  query,
  async (c) =>
    c.body(await card(c.req.valid("query").name), 200, {
      "content-type": "application/pdf",
    }),
);
app.get("/healthz", (c) => c.json({ status: "ok" }));

Deno.serve(
  { port: Number(Deno.env.get("PORT") ?? 8000), hostname: "0.0.0.0" },
  app.fetch,
);
