import { containerSuite } from "../support/container-suite.js";
import { queueContract } from "../support/queue-contract.js";
import { elasticmqServer } from "../support/queue-servers.js";

containerSuite("in a container", () => {
  queueContract("ElasticMQ 1.7.1", elasticmqServer, [
    "no 12-hour limit",
    "an expired handle still changes visibility",
    "delete tells of a superseded handle",
  ]);
});
