import { createWorker, loadConfig } from "queuehand";
import agent from "./agent.mjs";

const { exitCode } = await createWorker(agent, loadConfig(process.env)).run();
process.exit(exitCode);
