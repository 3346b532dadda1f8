/**
 * What ECS tells its tasks, as a process of its own: the metadata of a task (its `url`) and DescribeServices. `POST /reset`
 * takes `{ desired, running }` of the one service.
 */
import { createServer } from "node:http";

const ARN = "arn:aws:ecs:us-east-1:000000000000";
const TASK = { Cluster: `${ARN}:cluster/bench`, ServiceName: "bench", TaskARN: `${ARN}:task/bench/1` };

let fleet = { desired: 1, running: 1 };

function answer(request, body) {
  if (request.url === "/task") return TASK;
  if (request.url === "/stats") return fleet;
  if (request.url === "/reset") {
    fleet = JSON.parse(body);
    return {};
  }
  const { desired, running } = fleet;
  return { services: [{ serviceName: TASK.ServiceName, desiredCount: desired, runningCount: running }], failures: [] };
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const headers = { "content-type": "application/x-amz-json-1.1" };
  response.writeHead(200, headers).end(JSON.stringify(answer(request, Buffer.concat(parts).toString())));
});
server.listen(0, "127.0.0.1", () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
process.on("disconnect", () => process.exit());
