/**
 * The image's health check: exit 0 if the worker's /livez answers 200. Also where the worker serves no port that could
 * be known here (HTTP_PORT=off or 0): ECS would replace a task that works well.
 */
import { get } from "node:http";

const { HTTP_PORT: port, HTTP_HOST: host } = process.env;
const ANY_ADDRESS = new Set([undefined, "", "0.0.0.0", "::", "localhost"]);
const TIMEOUT_MS = 4000;

function fail(reason) {
  console.error(reason);
  process.exit(1);
}

if (port !== "off" && port !== "0") {
  get({ host: ANY_ADDRESS.has(host) ? "127.0.0.1" : host, port: port || 8080, path: "/livez", agent: false })
    .on("response", ({ statusCode }) => (statusCode === 200 ? process.exit(0) : fail(`/livez answered ${statusCode}`)))
    .on("error", ({ message }) => fail(`/livez does not answer: ${message}`));
  setTimeout(() => fail(`/livez did not answer within ${TIMEOUT_MS} ms`), TIMEOUT_MS).unref();
}
