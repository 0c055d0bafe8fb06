import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { format } from "@orders/money";

const app = new Hono();
app.get("/", (c) => c.text(`An order of ${format(1250)}`));
app.get("/healthz", (c) => c.text(format(0)));

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: "0.0.0.0" });
