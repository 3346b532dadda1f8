import { AUTO, DECODER_NAMES, UNMARKED_POINTERS } from "../pipeline/ports/decoder-names.js";

/**
 * The one table of settings: names, defaults, bounds and sentences. `config.ts` reads values by it; `.env.example`,
 * `docs/configuration.md` and the templates in `infra/` are checked against it.
 */
/** Who asks for settings: a command, or a program that brings its agent along and so needs no HANDLER. */
export type Command = "run" | "dev" | "library";

/** How a value is read: its kind and bounds. */
export type Shape =
  | { readonly kind: "queue" }
  | { readonly kind: "handler" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number; readonly unit?: "seconds" | "MiB" }
  | { readonly kind: "choice"; readonly values: readonly string[] }
  | { readonly kind: "port" }
  | { readonly kind: "backoff" }
  | { readonly kind: "idempotencyKey" }
  | { readonly kind: "webhookSignature" }
  | { readonly kind: "budgets" }
  | { readonly kind: "uses" }
  | { readonly kind: "boolean" }
  | { readonly kind: "text"; readonly pattern?: RegExp; readonly bounds: string };

export interface Setting {
  readonly name: string;
  /** As an environment variable would say it; undefined = unset. By command where the commands differ. */
  readonly fallback: string | undefined | Readonly<Record<"run" | "dev", string | undefined>>;
  readonly required?: readonly Command[];
  readonly shape: Shape;
  /** Never told, wherever settings are. */
  readonly secret?: true;
  readonly meaning: string;
}

const ONE_OF_DECODERS = `(${[...DECODER_NAMES, ...UNMARKED_POINTERS].join("|")})`;

const seconds = (min: number, max: number): Shape => ({ kind: "integer", min, max, unit: "seconds" });
const choice = (...values: string[]): Shape => ({ kind: "choice", values });

export const SETTINGS = [
  {
    name: "SQS_QUEUE_URL",
    fallback: undefined,
    required: ["run", "library"],
    shape: { kind: "queue" },
    meaning: "Queue to poll: its URL; or its name or ARN, of which `GetQueueUrl` makes the URL at the start.",
  },
  {
    name: "HANDLER",
    fallback: undefined,
    required: ["run"],
    shape: { kind: "handler" },
    meaning:
      "The agent: a module (`./agent.mjs`), a program (`exec:python agent.py`) or a service (`http://localhost:8000/run`). `dev` takes the sample agent when unset.",
  },
  {
    name: "ISOLATION",
    fallback: "none",
    shape: choice("none", "process", "process-per-message"),
    meaning:
      "Where a module agent runs: in this process, in a warm pool of processes with one message each at a time, or in a fresh process for each message.",
  },
  {
    name: "SERVICE_REJECT_STATUS",
    fallback: "422",
    shape: {
      kind: "text",
      bounds: "statuses of HTTP between 400 and 599, with commas between them, or off",
      pattern: /^(off|[45]\d\d(\s*,\s*[45]\d\d)*)$/,
    },
    meaning:
      "Answers of a service that reject their message at once; what else is no success is tried again. Frameworks answer 400, 404 and the like by themselves.",
  },
  {
    name: "SERVICE_READY_PATH",
    fallback: undefined,
    shape: { kind: "text", bounds: "a path that begins with a slash", pattern: /^\/(?!\/)\S*$/ },
    meaning:
      "A path on the service that answers GET with 2xx once it is ready: no message is posted before, at the start and after it was gone; unset: it is ready when it accepts connections.",
  },
  {
    name: "SERVICE_READY_SECONDS",
    fallback: "60",
    shape: seconds(1, 3600),
    meaning: "How long a service may take to be ready when the worker starts; then the start ends.",
  },
  {
    name: "AGENT_COMMAND",
    fallback: undefined,
    shape: { kind: "text", bounds: "a command line", pattern: /\S/ },
    meaning:
      "With a service as HANDLER: the program that is it, for the worker to start, watch and end; unset: it runs elsewhere, as a sidecar.",
  },
  {
    name: "AGENT_ENV",
    fallback: undefined,
    shape: {
      kind: "text",
      bounds: "names of variables, with commas between them; a name may end in *",
      pattern: /^[A-Za-z_]\w*\*?(\s*,\s*[A-Za-z_]\w*\*?)*$/,
    },
    meaning:
      "Variables that an agent in a process of its own gets besides PATH, HOME, LANG, TZ and RUN_*: `MODEL,PY*`. Nothing else of the worker's environment reaches it.",
  },
  {
    name: "AGENT_MEMORY_MB",
    fallback: undefined,
    shape: { kind: "integer", min: 32, max: 122_880, unit: "MiB" },
    meaning:
      "An agent in a process of its own is killed when all its processes together hold more memory than this; unset: when the task has none left.",
  },
  {
    name: "AGENT_WORK_MB",
    fallback: "1024",
    shape: { kind: "integer", min: 1, max: 204_800, unit: "MiB" },
    meaning: "An agent in a process of its own is killed when its work folder grows beyond this.",
  },
  {
    name: "AGENT_CPU_SECONDS",
    fallback: undefined,
    shape: seconds(1, 172_800),
    meaning:
      "A program, or a module in a process of its own, is killed when all its processes together used more processor time than this for one message; unset: no limit but HANDLER_TIMEOUT_SECONDS.",
  },
  {
    name: "AGENT_OPEN_FILES",
    fallback: undefined,
    shape: { kind: "integer", min: 64, max: 1_048_576 },
    meaning:
      "Most descriptors that each process of an agent may have open (RLIMIT_NOFILE); not above the task's own hard limit, 65,535 on Fargate, which holds when this is unset.",
  },
  {
    name: "AGENT_ROLE_ARN",
    fallback: undefined,
    shape: {
      kind: "text",
      bounds: "the ARN of an IAM role",
      pattern: /^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
    },
    meaning:
      "A role whose credentials each run of a module or a program gets for itself, tagged with its message's id; the task role must be allowed to assume and tag it. Unset: agents get none.",
  },
  {
    name: "CONCURRENCY",
    fallback: "10",
    shape: { kind: "integer", min: 1, max: 1000 },
    meaning: "Slots: agents that run at once in this task.",
  },
  {
    name: "MAX_MESSAGES",
    fallback: "10",
    shape: { kind: "integer", min: 1, max: 10 },
    meaning: "Most messages in one receive.",
  },
  {
    name: "POLL_INTERVAL_SECONDS",
    fallback: { run: "20", dev: "1" },
    shape: seconds(0, 20),
    meaning: "Long-poll wait (WaitTimeSeconds); a stop waits for the open poll to end.",
  },
  {
    name: "VISIBILITY_TIMEOUT",
    fallback: "120",
    shape: seconds(15, 43_200),
    meaning: "How long a received message stays hidden; renewed while its agent runs.",
  },
  {
    name: "HANDLER_TIMEOUT_SECONDS",
    fallback: "900",
    shape: seconds(1, 42_600),
    meaning: "The agent is aborted after it, and a process is killed.",
  },
  {
    name: "RETRY_BACKOFF_SECONDS",
    fallback: undefined,
    shape: { kind: "backoff" },
    meaning:
      "`base[,max]` of a full-jitter exponential back-off from the receive count; unset: a failed message comes back when its visibility timeout ends.",
  },
  {
    name: "SHUTDOWN_TIMEOUT_SECONDS",
    fallback: "110",
    shape: seconds(1, 115),
    meaning: "The drain's budget, inside the 120 seconds that Fargate grants.",
  },
  {
    name: "TASK_PROTECTION",
    fallback: "auto",
    shape: choice("auto", "off"),
    meaning:
      "On ECS, a task whose agents run is protected from scale-in and deployments (docs/ecs.md); elsewhere `auto` does nothing.",
  },
  {
    name: "HTTP_PORT",
    fallback: "8080",
    shape: { kind: "port" },
    meaning: "Port of `/livez`, `/readyz`, `/metrics` and the console; 0 = any free port, `off` = no server.",
  },
  {
    name: "HTTP_HOST",
    fallback: "127.0.0.1",
    shape: { kind: "text", bounds: "a host name or address", pattern: /^[\w.:-]+$/ },
    meaning: "Address that the HTTP server listens on; loopback unless told otherwise.",
  },
  {
    name: "CONSOLE_ACTIONS",
    fallback: { run: "false", dev: "true" },
    shape: { kind: "boolean" },
    meaning:
      "Lets the console send dead letters back, edit and delete them; with CONSOLE_TOKEN alone, which `dev` on loopback doesn't need.",
  },
  {
    name: "CONSOLE_TOKEN",
    fallback: undefined,
    shape: { kind: "text", bounds: "16 characters at least, without blanks", pattern: /^[!-~]{16,512}$/ },
    secret: true,
    meaning: "What whoever changes something through the console must know.",
  },
  {
    name: "METRICS",
    fallback: { run: "cloudwatch", dev: "off" },
    shape: choice("cloudwatch", "emf", "off"),
    meaning:
      "Where metrics go: PutMetricData, embedded metric format on stdout, or nowhere. `/metrics` is served in any case.",
  },
  {
    name: "METRICS_NAMESPACE",
    fallback: "Queuehand",
    shape: {
      kind: "text",
      bounds: "1 to 255 of A-Z a-z 0-9 . - _ / # :, not starting with AWS/",
      pattern: /^(?!AWS\/)[\w.\-/#:]{1,255}$/,
    },
    meaning: "CloudWatch namespace of the metrics.",
  },
  {
    name: "METRICS_INTERVAL_SECONDS",
    fallback: "10",
    shape: seconds(10, 300),
    meaning: "Time between two publications.",
  },
  {
    name: "TARGET_DELAY_SECONDS",
    fallback: "30",
    shape: seconds(1, 3600),
    meaning: "How long a message may wait for a slot: what scaling aims at.",
  },
  {
    name: "DRAIN_BACKLOG_SECONDS",
    fallback: "300",
    shape: seconds(30, 3600),
    meaning: "In what time a backlog beyond that is to be worked off.",
  },
  {
    name: "FLEET_SERVICES",
    fallback: "1",
    shape: { kind: "integer", min: 1, max: 10 },
    meaning:
      "ECS services that work on this queue, all alike; the fleet that scaling reckons with is the tasks of the own one times this.",
  },
  {
    name: "IDEMPOTENCY_TABLE",
    fallback: undefined,
    shape: {
      kind: "text",
      bounds: "a DynamoDB table name of 3 to 255 of A-Z a-z 0-9 . - _",
      pattern: /^[\w.-]{3,255}$/,
    },
    meaning: "DynamoDB table of finished keys; unset: none.",
  },
  {
    name: "IDEMPOTENCY_KEY",
    fallback: "messageId",
    shape: { kind: "idempotencyKey" },
    meaning: "What makes two messages the same: `messageId`, `attribute:NAME`, or `body:/json/pointer`.",
  },
  {
    name: "IDEMPOTENCY_PAYLOAD",
    fallback: undefined,
    shape: { kind: "text", bounds: "body:/json/pointer", pattern: /^body:(\/.*)?$/s },
    meaning:
      "The part of the body that two messages with one key must have in common; where a message has no such part, and unset: all of it, but for blanks, the order of members, and what a service has wrapped around it.",
  },
  {
    name: "IDEMPOTENCY_ON_ERROR",
    fallback: "closed",
    shape: choice("closed", "open"),
    meaning:
      "When the table doesn't answer: `closed` lets messages wait until it does, `open` runs their agents unguarded.",
  },
  {
    name: "IDEMPOTENCY_KEEP_SECONDS",
    fallback: "2592000",
    shape: seconds(3600, 31_536_000),
    meaning:
      "How long a finished key is remembered (the table's TTL attribute); 30 days outlast the longest retention of a queue and of its dead-letter queue.",
  },
  {
    name: "PAYLOAD_BUCKETS",
    fallback: undefined,
    shape: {
      kind: "text",
      bounds: "names of S3 buckets, with commas between them",
      pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\s*,\s*[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])*$/,
    },
    meaning:
      "Buckets from which large payloads are fetched, where a message has a pointer of Amazon's Extended Client Library; unset: pointers reach the agent as they are.",
  },
  {
    name: "PAYLOAD_MAX_MB",
    fallback: "16",
    shape: { kind: "integer", min: 1, max: 256, unit: "MiB" },
    meaning: "Largest payload that is fetched; each slot may hold one, and some copies of it.",
  },
  {
    name: "PAYLOAD_DELETE",
    fallback: "false",
    shape: { kind: "boolean" },
    meaning: "Removes a payload from its bucket when its message is done and certainly deleted.",
  },
  {
    name: "DECODE",
    fallback: undefined,
    shape: {
      kind: "text",
      bounds: `auto, or some of ${[...DECODER_NAMES, ...UNMARKED_POINTERS].join(", ")}, with commas between them`,
      pattern: new RegExp(`^(${AUTO}|${ONE_OF_DECODERS}(\\s*,\\s*${ONE_OF_DECODERS})*)$`),
    },
    meaning:
      "What is taken off around a body before key, schema and agent see it (docs/events.md); `auto`: whatever can't be anything else; unset: nothing.",
  },
  {
    name: "WEBHOOK_SIGNATURE",
    fallback: undefined,
    shape: { kind: "webhookSignature" },
    meaning:
      "Rejects messages that aren't signed so: who signs, and the variable with the secret (`github:GITHUB_SECRET`); or the attribute, its encoding and that variable (`X-Signature/hex:MY_SECRET`).",
  },
  {
    name: "BUDGETS",
    fallback: undefined,
    shape: { kind: "budgets" },
    meaning:
      "What the whole service may take of what its agents call: `openai=600/min*8, openai.tokens=200000/min` (docs/budgets.md).",
  },
  {
    name: "USES",
    fallback: undefined,
    shape: { kind: "uses" },
    meaning:
      "Of which budgets each message takes how much before its run; a module says it itself, by `uses` of `defineHandler`.",
  },
  {
    name: "BUDGET_SHARE",
    fallback: "divide",
    shape: choice("divide", "table"),
    meaning:
      "How tasks share a budget: each its part by the number of tasks, or (`table`) blocks that they take from BUDGET_TABLE.",
  },
  {
    name: "BUDGET_TABLE",
    fallback: undefined,
    shape: {
      kind: "text",
      bounds: "a DynamoDB table name of 3 to 255 of A-Z a-z 0-9 . - _",
      pattern: /^[\w.-]{3,255}$/,
    },
    meaning: "DynamoDB table with an item for each budget; it may be that of IDEMPOTENCY_TABLE.",
  },
  {
    name: "SQS_TRANSPORT",
    fallback: "auto",
    shape: choice("auto", "wire", "sdk"),
    meaning:
      "How SQS and the table of keys are called: by our own wire, by the SDK's client, or (`auto`) by the wire until AWS refuses what it says and takes the same call from the SDK's client.",
  },
  {
    name: "DLQ_URL",
    fallback: undefined,
    shape: { kind: "queue" },
    meaning: "Where `reject` copies to; unset: taken from the queue's RedrivePolicy.",
  },
  {
    name: "LOG_LEVEL",
    fallback: "info",
    shape: choice("fatal", "error", "warn", "info", "debug", "trace", "silent"),
    meaning: "A success is a `debug` line, a failure `warn`, a summary every 10 seconds `info`.",
  },
  {
    name: "LOG_BODIES",
    fallback: "false",
    shape: { kind: "boolean" },
    meaning: "Puts message bodies into log lines; off, nothing of a body is ever logged.",
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof SETTINGS)[number]["name"];

/** The default of a setting under a command, as an environment variable would say it. */
export function fallbackOf(setting: Setting, command: Command): string | undefined {
  return typeof setting.fallback === "object" ? setting.fallback[command === "dev" ? "dev" : "run"] : setting.fallback;
}

/** The bounds of a setting, in words: "between 0 and 20". */
export function boundsOf(shape: Shape): string {
  switch (shape.kind) {
    case "queue":
      return "a queue's URL, name or ARN";
    case "handler":
      return "a module path, exec:COMMAND, or an http URL";
    case "integer":
      return `between ${shape.min} and ${shape.max}`;
    case "choice":
      return `one of ${shape.values.join(", ")}`;
    case "port":
      return "between 0 and 65535, or off";
    case "backoff":
      return "base[,max], whole seconds between 1 and 43200";
    case "idempotencyKey":
      return "messageId, attribute:NAME, or body:/json/pointer";
    case "webhookSignature":
      return "SCHEME:VARIABLE, SCHEME being github, stripe, shopify, slack, standard, HEADER/hex or HEADER/base64";
    case "budgets":
      return "NAME=AMOUNT/s, /min or /h, and *N for runs at once; with commas between them";
    case "uses":
      return "names of budgets, each with =AMOUNT unless that is 1; with commas between them";
    case "boolean":
      return "true or false";
    case "text":
      return shape.bounds;
  }
}
