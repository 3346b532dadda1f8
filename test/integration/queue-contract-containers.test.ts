import { describe, test } from "@jest/globals";
import { dockerReason } from "../support/docker.js";
import { queueContract } from "../support/queue-contract.js";
import { elasticmqServer, localstackServer } from "../support/queue-servers.js";

const reason = dockerReason();

if (reason === undefined) {
  queueContract("ElasticMQ 1.7.1", elasticmqServer, [
    "no 12-hour limit",
    "an expired handle still changes visibility",
    "delete tells of a superseded handle",
  ]);
  queueContract("LocalStack 4.14.0", localstackServer);
} else {
  describe.skip(`the queue contract on ElasticMQ and LocalStack (skipped: ${reason})`, () => {
    test("needs Docker", () => {});
  });
}
