import { containerSuite } from "../support/container-suite.js";
import { queueContract } from "../support/queue-contract.js";
import { localstackServer } from "../support/queue-servers.js";

containerSuite("in a container", () => {
  queueContract("LocalStack 4.14.0", localstackServer, [
    "no 12-hour limit",
    "a follower that is released overtakes its hidden head",
    "an expired handle still changes visibility",
    "a superseded handle still changes visibility",
    "a superseded handle still deletes",
  ]);
});
