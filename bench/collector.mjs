/** Takes what OpenTelemetry sends and forgets it: stands for the collector beside a worker. */
import { createServer } from "node:http";
import { COLLECTOR_PORT } from "./collector-port.mjs";

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => response.end());
});
server.listen(COLLECTOR_PORT, "127.0.0.1", () => process.send?.({ url: `http://127.0.0.1:${COLLECTOR_PORT}` }));
