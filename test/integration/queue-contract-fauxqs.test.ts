import { queueContract } from "../support/queue-contract.js";
import { fauxqsServer } from "../support/queue-servers.js";

queueContract("fauxqs", fauxqsServer, [
  "no 12-hour limit",
  "an expired handle still changes visibility",
  "no characters beyond U+FFFF",
  "no trace header",
  "no group on a standard queue",
  "one message of a group in a batch",
]);
