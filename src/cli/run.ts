import { agentRoleOf } from "../aws/sts/sts-agent-role.js";
import { createLogger } from "../observe/log.js";
import { queueNameOf } from "../worker/start-report.js";
import { createWorker } from "../worker/worker.js";
import { loadAgent } from "./agent.js";
import { type CommandLine, parseCommandLine } from "./command-line.js";
import { loadEnvironment } from "./environment.js";
import { ExitCode, RUN_EXITS } from "./exit-code.js";
import { ExitGuard } from "./exit-guard.js";
import { printHelp } from "./help.js";
import { checkHttpPort } from "./http-port.js";
import { runConfig } from "./run-config.js";
import { printJson } from "./terminal.js";
import { boundYoungGeneration } from "./young-generation.js";

const LINE: CommandLine = {
  name: "run",
  about:
    "Polls SQS_QUEUE_URL and hands each message to the agent that HANDLER names. SIGTERM or SIGINT drains: polling stops, running agents end, what can't end in time is released. A second signal ends at once.\nAll settings are environment variables (docs/configuration.md); .env is read only when NODE_ENV=development.",
  options: [
    { name: "queue-url", value: "QUEUE", meaning: "instead of SQS_QUEUE_URL" },
    { name: "handler", value: "HANDLER", meaning: "instead of HANDLER" },
  ],
  examples: [
    "SQS_QUEUE_URL=https://sqs.eu-west-1.amazonaws.com/123456789012/tasks HANDLER=./agent.mjs queuehand run",
    "queuehand run --handler ./agent.mjs --queue-url http://localhost:4566/000000000000/tasks",
  ],
  exits: RUN_EXITS,
};

/** `queuehand run`. */
export async function run(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  // PID 1 in a container has no default action: a signal that came before the worker listens would be lost. Nothing was
  // received yet, so there is nothing to drain.
  let guard: ExitGuard | undefined;
  const leave = () => {
    guard?.release();
    process.exit(ExitCode.ok);
  };
  process.once("SIGTERM", leave).once("SIGINT", leave);

  const { variables } = await loadEnvironment(false, {
    SQS_QUEUE_URL: typed.text("queue-url"),
    HANDLER: typed.text("handler"),
  });
  boundYoungGeneration();
  const config = await runConfig(variables, ({ http }) => checkHttpPort(http));
  // With --json its last line is for a program.
  const pretty = process.stdout.isTTY === true && !typed.flag("json");
  const logger = createLogger({ level: config.logLevel, queue: queueNameOf(config), pretty });
  const role = agentRoleOf(config);
  guard = new ExitGuard({ command: LINE.name, handler: variables.HANDLER ?? "", json: typed.flag("json") });
  try {
    const agent = await loadAgent(config, logger, role);
    guard.loaded();
    const running = createWorker(agent, config, { logger }).run();
    process.off("SIGTERM", leave).off("SIGINT", leave);

    const { exitCode, summary } = await running;
    if (typed.flag("json")) printJson({ exitCode, summary });
    return exitCode;
  } finally {
    guard.release();
  }
}
