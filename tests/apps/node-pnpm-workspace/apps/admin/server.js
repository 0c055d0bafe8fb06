import { createServer } from "node:http";
import { format } from "@orders/money";

createServer((_, response) => response.end(format(1))).listen(process.env.PORT ?? 3001);
