import { tryMetrics } from "../../aws/cloudwatch/metrics-trial.js";
import { readEcsTask } from "../../aws/ecs/ecs-task.js";
import { tryFleet } from "../../aws/ecs/task-trials.js";
import { examineQueue } from "../../aws/sqs/queue-checks.js";
import { tryTransport } from "../../aws/sqs/transport-trial.js";
import { type Config, ConfigError, type HandlerSpec } from "../../config/config.js";
import { createLogger } from "../../observe/log.js";
import { masked, maskedValue } from "../../text/masked.js";
import { printable } from "../../text/printable.js";
import { loadAgent } from "../agent.js";
import { type CommandLine, parseCommandLine } from "../command-line.js";
import { loadEnvironment } from "../environment.js";
import { ExitCode } from "../exit-code.js";
import { printHelp } from "../help.js";
import { runConfig } from "../run-config.js";
import { print, printJson } from "../terminal.js";
import { accessFindings } from "./access.js";
import { type AgentUses, budgetFindings, fleetOf } from "./budgets.js";
import { deploymentFindings } from "./deployments.js";
import { bad, type Finding, ok } from "./finding.js";
import { fitFindings } from "./fit.js";
import { payloadFindings } from "./payloads.js";
import { roleFindings } from "./role.js";
import { askStack, serviceNamed, stackFindings } from "./stack.js";
import { tableFindings } from "./table.js";
import { transportFinding } from "./transport.js";

/** Ten services of as many as ECS gives each. */
const TASKS_MOST = 50_000;

const LINE: CommandLine = {
  name: "doctor",
  about:
    "Asks the real queue and says, line by line, what fits and what doesn't: settings, agent, credentials, endpoint, visibility, timeouts, dead letters, retention, and each permission that a worker needs.\nPermissions are tried by calls whose parameters the service must refuse: more messages than a receive can give, receipt handles that are none, batches without an entry. Nothing is received, hidden, deleted, sent or published, also not on a server that minds less than AWS does: what can't be tried there without harm is told. What this can't see: a key (KMS) that the role may not use, and that SQS refuses a parameter before it looks at a permission.\nThe agent's file is imported, and so is what it imports.\nOn ECS, or with --service, the task definition, the scaling range and the account's quotas are read as far as permitted.",
  options: [
    { name: "queue-url", value: "QUEUE", meaning: "instead of SQS_QUEUE_URL" },
    { name: "handler", value: "HANDLER", meaning: "instead of HANDLER" },
    { name: "service", value: "CLUSTER/SERVICE", meaning: "the ECS service that runs it: stop timeout, tasks, quotas" },
    {
      name: "tasks",
      value: "N",
      meaning: "the most tasks the fleet may have, held against BUDGETS (default: the service's)",
    },
    { name: "deployments-per-day", value: "N", meaning: "holds so many (1 to 1000) against maxReceiveCount" },
  ],
  examples: [
    "SQS_QUEUE_URL=https://sqs.eu-west-1.amazonaws.com/123456789012/tasks HANDLER=./agent.mjs queuehand doctor",
    "queuehand doctor --service agents/orders --deployments-per-day 4",
    "queuehand doctor --tasks 50",
    "queuehand doctor --json",
  ],
  exits: [
    ["0", "everything fits; there may be warnings"],
    ["1", "something doesn't fit"],
    ["64", "wrong command line"],
    ["78", "bad settings: all faults are listed"],
  ],
};

/** `queuehand doctor`. */
export async function doctor(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const service = serviceNamed(typed.text("service"));
  const tasks = typed.integer("tasks", 1, TASKS_MOST);
  const deploymentsPerDay = typed.integer("deployments-per-day", 1, 1000);
  const { variables } = await loadEnvironment(false, {
    SQS_QUEUE_URL: typed.text("queue-url"),
    HANDLER: typed.text("handler"),
  });
  const config = await runConfig(variables);
  const agent = await examineAgent(config);
  const report = await examineQueue({
    queueUrl: config.queueUrl,
    deadLetterQueueUrl: config.deadLetterQueueUrl,
    beside: [
      async (region, signal) =>
        config.metrics === "cloudwatch" ? [await tryMetrics(region, config.metricsNamespace, signal)] : [],
      async (_region, signal) => {
        const task = await readEcsTask(process.env, signal);
        return task ? [await tryFleet(task, signal)] : [];
      },
    ],
  });
  const attributes = report.queue?.ok ? report.queue.value : undefined;
  const queueUrl = maskedValue(config.queueUrl);
  const stack = report.credentials.ok ? await askStack(config, service) : undefined;
  const findings = [
    ok("settings", "all of them are fine"),
    agent.finding,
    ...accessFindings(report, queueUrl),
    ...(report.queue?.ok || report.queue?.denied
      ? [transportFinding(await tryTransport(config.queueUrl, config.transport))]
      : []),
    ...(report.credentials.ok ? await tableFindings(config) : []),
    ...(report.credentials.ok ? await payloadFindings(config) : []),
    ...(report.credentials.ok ? await roleFindings(config) : []),
    ...fitFindings(config, report),
    ...(agent.loads || config.uses ? budgetFindings(config, fleetOf(config, tasks, stack), agent.uses) : []),
    ...(deploymentsPerDay === undefined ? [] : deploymentFindings(config, attributes, deploymentsPerDay)),
    ...stackFindings(config, stack),
  ].map(withoutSecrets);
  const count = (level: Finding["level"]) => findings.filter((finding) => finding.level === level).length;
  if (typed.flag("json")) {
    const ok = count("bad") === 0;
    printJson({ ok, queueUrl, findings });
  } else {
    process.stdout.write(`${findings.map(line).join("\n")}\n\n`);
    print(`${count("ok")} fit, ${count("warn")} to know of, ${count("bad")} to mend.`);
  }
  return count("bad") > 0 ? ExitCode.failed : ExitCode.ok;
}

interface ExaminedAgent {
  readonly finding: Finding;
  readonly loads: boolean;
  /** What it says itself that messages use. */
  readonly uses?: AgentUses | undefined;
}

async function examineAgent(config: Config): Promise<ExaminedAgent> {
  try {
    // Without isolation, since only a module that is imported here and now shows that it loads.
    const agent = await loadAgent({ ...config, isolation: "none" }, createLogger({ level: "silent" }));
    const uses = "uses" in agent ? agent.uses : undefined;
    return { finding: ok("agent", whatWasSeen(config.handler!)), loads: true, uses };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { finding: bad("agent", error.message, "run would end with exit code 78"), loads: false };
  }
}

function whatWasSeen(handler: HandlerSpec): string {
  switch (handler.kind) {
    case "module":
      return `${handler.path} loads`;
    case "program":
      return `${maskedValue(`exec:${handler.command}`).slice("exec:".length)}: there is such a program`;
    case "service":
      return `${maskedValue(handler.url)} is a service, which isn't called here`;
  }
}

const SIGNS: Readonly<Record<Finding["level"], string>> = { ok: "✓", warn: "!", bad: "✗" };
const COLORS: Readonly<Record<Finding["level"], number>> = { ok: 32, warn: 33, bad: 31 };
const ABOUT_WIDTH = 13;

/** What servers and errors say may quote an address whole. */
function withoutSecrets(finding: Finding): Finding {
  const { text, advice } = finding;
  return { ...finding, text: masked(text), ...(advice !== undefined && { advice: masked(advice) }) };
}

/** A finding is one line, whatever a server says in it. */
const shown = (text: string) => printable(text, Number.POSITIVE_INFINITY);

function line({ level, about, text, advice }: Finding): string {
  const sign =
    process.stdout.isTTY && !process.env.NO_COLOR ? `\u001B[${COLORS[level]}m${SIGNS[level]}\u001B[0m` : SIGNS[level];
  const todo = advice ? `\n${" ".repeat(ABOUT_WIDTH + 2)}→ ${shown(advice)}` : "";
  return `${sign} ${about.padEnd(ABOUT_WIDTH)}${shown(text)}${todo}`;
}
