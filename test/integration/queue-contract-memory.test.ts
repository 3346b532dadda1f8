import { queueContract } from "../support/queue-contract.js";
import { memoryServer } from "../support/queue-servers.js";

queueContract("the queue in memory", memoryServer, [], [undefined]);
