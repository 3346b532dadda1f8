import { createWorker, loadConfig } from "queuehand";
import agent from "./agent.mjs";

createWorker(agent, loadConfig(process.env))
  .run()
  .then(({ exitCode }) => process.exit(exitCode));
