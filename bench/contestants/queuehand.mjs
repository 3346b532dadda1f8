/** queuehand through its library entry; leases, counters, buffer, log and HTTP server as in production. */
import { createWorker, loadConfig } from "../../dist/index.js";
import agent from "../agent.mjs";

const { exitCode } = await createWorker(agent, loadConfig(process.env)).run();
process.exit(exitCode);
