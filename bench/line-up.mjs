import { fileURLToPath } from "node:url";
import { COLLECTOR_PORT } from "./collector-port.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Who can be started, with the title that the results print. */
export const TITLES = {
  bare: "bare loop on the SDK",
  "node-http": "the same calls over node:http",
  squiss: "squiss-ts",
  "sqs-consumer-batch": "sqs-consumer, by batch",
  "sqs-consumer": "sqs-consumer, by message",
  queuehand: "queuehand",
  "queuehand-library": "queuehand, as a library",
};

/** What agents may call of the provider of rows 20 to 22, and what they throw when it refuses. */
const budgeted = { BUDGETS: "model=50/s", USES: "model", BENCH_THROW: "Busy" };
const byTable = { BUDGET_SHARE: "table", BUDGET_TABLE: "budgets" };

const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${COLLECTOR_PORT}` };

/** What stands behind a comma in a contestant's name: the same contestant on other terms. */
const VARIANTS = {
  abort: { BENCH_STOP: "abort" },
  "ISOLATION=process": { ISOLATION: "process" },
  "ISOLATION=process-per-message": { ISOLATION: "process-per-message", AGENT_ENV: "BENCH_*" },
  "SQS_TRANSPORT=sdk": { SQS_TRANSPORT: "sdk" },
  "exec:/bin/true": { HANDLER: "exec:/bin/true" },
  "an agent that reads its body": { BENCH_AGENT: "read" },
  "an agent that spawns /bin/true": { BENCH_AGENT: "spawn:/bin/true" },
  "an agent that spawns a bare node": { BENCH_AGENT: "spawn:node one-byte.cjs" },
  "told of the budget": budgeted,
  "its budget in a table": { ...budgeted, ...byTable },
  "told of budget and fleet": budgeted,
  "others wait for their budget": { BUDGETS: "model=5/s" },
  "a budget that is never used up": { BUDGETS: "model=1000000/s", USES: "model" },
  "Busy thrown": { BENCH_THROW: "Busy" },
  "Retry thrown": { BENCH_THROW: "Retry" },
  "10 slots": { CONCURRENCY: "10" },
  "1,000 slots": { CONCURRENCY: "1000" },
  "10 % traced": { ...traced, OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" },
  "all traced": traced,
};

/** The worker with its agents in a warm pool of processes, and in a fresh one for each message. */
export const POOL = "queuehand, ISOLATION=process";
export const FRESH = "queuehand, ISOLATION=process-per-message";
/** What FRESH is held against: what the start of a node process costs when it does nothing. */
export const BARE_NODE = "node-http, an agent that spawns a bare node";
/** The worker that calls SQS by the SDK's client. */
export const BY_SDK = "queuehand, SQS_TRANSPORT=sdk";
/** The worker whose agent has its body parsed. */
export const READER = "queuehand, an agent that reads its body";

/** The worker that knows what its agents may call. */
export const TOLD = "queuehand, told of the budget";
/** The same, in a service of ECS that tells it how many tasks there are. */
export const AND_FLEET = "queuehand, told of budget and fleet";
/** The same, whose tasks take of a table what they may. */
export const BY_TABLE = "queuehand, its budget in a table";
/** The worker that learns it of what is refused. */
export const BUSY = "queuehand, Busy thrown";

/** The worker of whose messages some wait for a budget. */
export const BESIDE = "queuehand, others wait for their budget";
/** The worker that looks at a budget for each message, and never has to wait. */
export const FREE = "queuehand, a budget that is never used up";

/** queuehand runs by its command line, as its image does; everybody else is a script of the bench. */
const COMMANDS = { queuehand: [at("../dist/cli.js"), "run"] };

/** "sqs-consumer, abort" is sqs-consumer, stopped another way: what is started, and its variant. */
const partsOf = (name) => name.split(", ");

/** Whom a name is about, without its variant. */
export const whose = (name) => partsOf(name)[0];

export function titleOf(name) {
  const [script, variant] = partsOf(name);
  return variant ? `${TITLES[script]}, ${variant}` : TITLES[script];
}

/** What node is given to run, and the environment that the variant asks for. */
export function startOf(name) {
  const [script, variant] = partsOf(name);
  return { command: COMMANDS[script] ?? [at(`contestants/${script}.mjs`)], terms: VARIANTS[variant] };
}
