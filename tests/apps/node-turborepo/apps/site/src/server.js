const { createServer } = require("node:http");
const { price } = require("@shop/prices");

createServer((_, response) => response.end(`Apples cost ${price("apple")}`)).listen(process.env.PORT ?? 3000);
