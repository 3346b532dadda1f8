import { UNMARKED_POINTERS } from "../pipeline/ports/decoder-names.js";
import type { GivenSettings } from "./given-settings.js";
import { QUEUE_SETTINGS, queueName } from "./queue-name.js";
import type { SettingName } from "./settings.js";

/** The settings that fit their bounds and not each other: one sentence for each pair, with the values typed. */
export function* contradictions(given: GivenSettings): Generator<string> {
  yield* ofStopping(given);
  yield* withoutWhatTheyNeed(given);
  yield* ofDecoders(given);
  yield* ofSignature(given);
  yield* ofAgent(given);
  yield* ofQueues(given);
  yield* ofBackoff(given);
  yield* ofConsole(given);
  yield* ofBudgets(given);
}

/** What a setting is for, by its name: without that it is heeded by nobody. */
const NEEDS = {
  IDEMPOTENCY_KEY: "IDEMPOTENCY_TABLE",
  IDEMPOTENCY_PAYLOAD: "IDEMPOTENCY_TABLE",
  IDEMPOTENCY_ON_ERROR: "IDEMPOTENCY_TABLE",
  IDEMPOTENCY_KEEP_SECONDS: "IDEMPOTENCY_TABLE",
  USES: "BUDGETS",
  BUDGET_SHARE: "BUDGETS",
  BUDGET_TABLE: "BUDGETS",
  PAYLOAD_MAX_MB: "PAYLOAD_BUCKETS",
  PAYLOAD_DELETE: "PAYLOAD_BUCKETS",
} as const satisfies Partial<Record<SettingName, SettingName>>;

/** What holds only where the worker starts the agent's process. */
const OF_A_PROCESS = [
  "AGENT_ENV",
  "AGENT_MEMORY_MB",
  "AGENT_WORK_MB",
  "AGENT_CPU_SECONDS",
  "AGENT_OPEN_FILES",
] as const satisfies readonly SettingName[];

/** What is asked or heard of a service alone. */
const OF_A_SERVICE = [
  "SERVICE_REJECT_STATUS",
  "SERVICE_READY_PATH",
  "SERVICE_READY_SECONDS",
] as const satisfies readonly SettingName[];

/** What belongs to one message: a service that the worker starts works on several at once. */
const OF_A_RUN = ["AGENT_CPU_SECONDS", "AGENT_ROLE_ARN"] as const satisfies readonly SettingName[];

function* ofStopping(given: GivenSettings): Generator<string> {
  const poll = given.number("POLL_INTERVAL_SECONDS");
  const shutdown = given.number("SHUTDOWN_TIMEOUT_SECONDS");
  if (poll >= shutdown && given.isSet("POLL_INTERVAL_SECONDS") && given.isSet("SHUTDOWN_TIMEOUT_SECONDS")) {
    yield `SHUTDOWN_TIMEOUT_SECONDS must exceed POLL_INTERVAL_SECONDS (${poll}), since a stop waits for the open poll, got "${shutdown}"`;
  }
}

function* withoutWhatTheyNeed(given: GivenSettings): Generator<string> {
  for (const [name, needed] of Object.entries(NEEDS) as [SettingName, SettingName][]) {
    if (given.isSet(name) && !given.isSet(needed)) {
      yield `${name} needs ${needed}, which is unset, got "${given.typed(name)}"`;
    }
  }
}

function* ofDecoders(given: GivenSettings): Generator<string> {
  const pointer = UNMARKED_POINTERS.find((name) => given.list("DECODE")?.includes(name));
  if (pointer === undefined || given.isSet("PAYLOAD_BUCKETS")) return;
  yield `DECODE=${pointer} needs PAYLOAD_BUCKETS, which is unset, got "${given.typed("DECODE")}"`;
}

function* ofSignature(given: GivenSettings): Generator<string> {
  const variable = given.webhookSignature?.variable;
  if (variable !== undefined && !given.typed(variable)) {
    yield `WEBHOOK_SIGNATURE must name a variable that holds the secret, got "${given.typed("WEBHOOK_SIGNATURE")}" with ${variable} unset`;
  }
}

function* ofAgent(given: GivenSettings): Generator<string> {
  const { handler } = given;
  const isolation = given.text("ISOLATION");
  if (!handler) {
    if (given.command === "library") yield* ofAgentInThisProcess(given);
    return;
  }
  const startsService = given.isSet("AGENT_COMMAND");
  if (handler.kind !== "module" && given.isSet("ISOLATION") && isolation !== "none") {
    yield `ISOLATION is for module agents and must be none with HANDLER "${given.typed("HANDLER")}", got "${given.typed("ISOLATION")}"`;
  }
  if (handler.kind !== "service" && startsService) {
    yield `AGENT_COMMAND needs a service as HANDLER, http://HOST:PORT/PATH, got "${given.typed("AGENT_COMMAND")}"`;
  }
  for (const name of handler.kind === "service" ? [] : OF_A_SERVICE) {
    if (!given.isSet(name)) continue;
    yield `${name} needs a service as HANDLER, http://HOST:PORT/PATH, got "${given.typed(name)}"`;
  }
  const ofARun: readonly SettingName[] = handler.kind === "service" ? OF_A_RUN : [];
  const elsewhere =
    (handler.kind === "module" && isolation === "none") || (handler.kind === "service" && !startsService);
  for (const name of elsewhere ? OF_A_PROCESS : []) {
    if (!given.isSet(name) || ofARun.includes(name)) continue;
    yield `${name} needs an agent in a process of its own, by ISOLATION=process, HANDLER=exec:COMMAND or AGENT_COMMAND, got "${given.typed(name)}"`;
  }
  for (const name of ofARun) {
    if (!given.isSet(name)) continue;
    yield `${name} is for modules and programs, not for a service as HANDLER, got "${given.typed(name)}"`;
  }
}

/** Without HANDLER a program brings a function along, which runs where the program does. */
function* ofAgentInThisProcess(given: GivenSettings): Generator<string> {
  for (const name of ["ISOLATION", "AGENT_COMMAND", ...OF_A_PROCESS] as const) {
    if (!given.isSet(name) || given.text(name) === "none") continue;
    yield `${name} needs HANDLER: an agent that is given as a function runs in this process, got "${given.typed(name)}"`;
  }
}

function* ofQueues(given: GivenSettings): Generator<string> {
  const queue = given.text("SQS_QUEUE_URL");
  const deadLetters = given.text("DLQ_URL");
  if (given.command === "library") yield* namedQueues(given);
  if (queue === undefined || deadLetters === undefined) return;
  if (queue === deadLetters) yield `DLQ_URL must differ from SQS_QUEUE_URL, got "${given.typed("DLQ_URL")}" for both`;
  else if (isFifo(queue) !== isFifo(deadLetters)) {
    yield `DLQ_URL and SQS_QUEUE_URL must both be FIFO queues or both not, got "${given.typed("DLQ_URL")}"`;
  }
}

/** A program has its settings at once, before anything can be asked of AWS. */
function* namedQueues(given: GivenSettings): Generator<string> {
  for (const setting of QUEUE_SETTINGS) {
    if (queueName(given.text(setting) ?? "") === undefined) continue;
    yield `${setting} must be a URL here, got "${given.typed(setting)}"; loadConfig(await withQueueUrls(process.env)) looks it up`;
  }
}

function* ofBackoff(given: GivenSettings): Generator<string> {
  const [base, max] = given.backoff ?? [0];
  if (max !== undefined && max < base) {
    yield `RETRY_BACKOFF_SECONDS must have a max not below its base, got "${given.typed("RETRY_BACKOFF_SECONDS")}"`;
  }
}

function* ofBudgets(given: GivenSettings): Generator<string> {
  const { budgets, uses, handler } = given;
  if (budgets.length === 0) return;
  for (const [name, amount] of Object.entries(uses ?? {})) {
    const budget = budgets.find((each) => each.name === name);
    if (!budget) yield `USES names ${name}, which BUDGETS does not have, got "${given.typed("USES")}"`;
    else if (amount > budget.amount) {
      yield `USES takes ${amount} of ${name} for each message, which is more than the whole budget of ${budget.amount}`;
    }
  }
  // What a module uses it says itself, when it is loaded.
  if (uses || (handler && handler.kind !== "module")) {
    for (const { name } of budgets) {
      if (!uses || !Object.hasOwn(uses, name)) {
        yield `BUDGETS has ${name}, which nothing uses: USES has to name it (${name}=0 where the agent alone tells how much)`;
      }
    }
  }
  const table = given.text("BUDGET_SHARE") === "table";
  if (table && !given.isSet("BUDGET_TABLE")) yield "BUDGET_SHARE=table needs BUDGET_TABLE, which is unset";
  if (!table && given.isSet("BUDGET_TABLE")) {
    yield `BUDGET_TABLE needs BUDGET_SHARE=table, got "${given.typed("BUDGET_TABLE")}"`;
  }
}

const isFifo = (url: string) => url.endsWith(".fifo");

/** A task's loopback is shared by all its containers, so in `run` it is no proof of anything. */
function* ofConsole(given: GivenSettings): Generator<string> {
  if (given.isSet("CONSOLE_TOKEN") && given.text("CONSOLE_ACTIONS") !== "true") {
    yield 'CONSOLE_TOKEN needs CONSOLE_ACTIONS=true, got "***"';
  }
  if (!given.isSet("CONSOLE_ACTIONS") || given.text("CONSOLE_ACTIONS") !== "true" || given.isSet("CONSOLE_TOKEN"))
    return;
  const host = given.text("HTTP_HOST") ?? "";
  if (given.command !== "dev" || !isLoopback(host)) {
    yield `CONSOLE_ACTIONS needs CONSOLE_TOKEN, which is unset, got "true"${given.command !== "dev" ? "" : ` with HTTP_HOST ${host}`}`;
  }
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
