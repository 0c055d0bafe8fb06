import express from "express";

const version = process.env.APP_VERSION ?? "1";
const port = Number(process.env.PORT ?? 3000);

const app = express();
app.get("/", (_req, res) => res.send("<h1>Hello from Node.js</h1>"));
app.get("/healthz", (_req, res) => res.type("text").send("ok"));
app.get("/version", (_req, res) => res.json({ app: "node", version }));

const server = app.listen(port, "0.0.0.0", () => console.log(`listening on ${port}`));

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    console.log(`${signal}: finishing`);
    server.close(() => process.exit(0));
  });
}
