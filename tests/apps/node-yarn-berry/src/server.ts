import express from "express";

const app = express();
app.get("/", (_, response) => {
  response.send("A quote");
});
app.get("/healthz", (_, response) => {
  response.send("ok");
});
app.listen(Number(process.env.PORT ?? 3000), "0.0.0.0");
