/** queuehand through its library entry, as in a program of one's own. */
import { createWorker, loadConfig } from "../../dist/index.js";
import agent from "../agent.mjs";

const { exitCode } = await createWorker(agent, loadConfig(process.env)).run();
process.exit(exitCode);
