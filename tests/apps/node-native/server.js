const { createServer } = require("node:http");
const bcrypt = require("bcrypt");

const hash = bcrypt.hashSync("secret", 4);
const server = createServer(async (request, response) => {
  if (request.url === "/healthz") {
    response.statusCode = (await bcrypt.compare("secret", hash)) ? 200 : 500;
    response.end("ok");
    return;
  }
  response.end("Hello");
});
server.listen(process.env.PORT || 3000, "0.0.0.0");
process.on("SIGTERM", () => server.close());
