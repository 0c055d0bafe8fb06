const path = require("node:path");
const express = require("express");

const app = express();
app.set("view engine", "ejs");
app.set("views", path.join(__dirname, "views"));

app.get("/", (req, res) => res.render("index", { node: process.version }));
app.get("/health", (req, res) => res.send("healthy"));

const port = process.env.PORT || 3000;
const server = app.listen(port, () => console.log(`http://localhost:${port}`));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
