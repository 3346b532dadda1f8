import type { BudgetSpec, Uses } from "../pipeline/ports/budget.js";
import { contradictions, isLoopback } from "./contradictions.js";
import { type Environment, GivenSettings } from "./given-settings.js";
import type { HandlerSpec, SignatureSpec } from "./setting-value.js";
import { type Command, fallbackOf, SETTINGS, type Setting, type SettingName } from "./settings.js";
import { wayFaults } from "./ways-to-aws.js";

export type { HandlerSpec };

/** Where an effective value came from. */
export type Source = "default" | "environment" | ".env" | "command line";

/** The effective settings, checked and frozen. */
export interface Config {
  readonly queueUrl: string;
  readonly handler: HandlerSpec | undefined;
  readonly isolation: "none" | "process" | "process-per-message";
  readonly serviceRejectStatus: readonly number[];
  readonly serviceReadyPath: string | undefined;
  readonly serviceReadySeconds: number;
  /** The program that is the service, for the worker to start. */
  readonly agentCommand: string | undefined;
  /** Names of variables that an agent's process gets besides the usual ones; a name may end in `*`. */
  readonly agentEnvironment: readonly string[];
  readonly agentMemoryMiB: number | undefined;
  readonly agentWorkMiB: number;
  readonly agentCpuSeconds: number | undefined;
  readonly agentOpenFiles: number | undefined;
  readonly agentRoleArn: string | undefined;
  readonly concurrency: number;
  readonly maxMessages: number;
  readonly pollIntervalSeconds: number;
  readonly visibilityTimeoutSeconds: number;
  readonly handlerTimeoutSeconds: number;
  readonly retryBackoff: { readonly baseSeconds: number; readonly maxSeconds: number } | undefined;
  readonly shutdownTimeoutSeconds: number;
  readonly taskProtection: "auto" | "off";
  readonly http: { readonly host: string; readonly port: number } | undefined;
  /** Who may change something through the console: whoever sees it, who has the token, or nobody. */
  readonly consoleActions: "free" | "no" | { readonly token: string };
  readonly metrics: "cloudwatch" | "emf" | "off";
  readonly metricsNamespace: string;
  readonly metricsIntervalSeconds: number;
  readonly targetDelaySeconds: number;
  readonly drainBacklogSeconds: number;
  readonly fleetServices: number;
  readonly idempotencyTable: string | undefined;
  readonly idempotencyKey: string;
  readonly idempotencyPayload: string | undefined;
  readonly idempotencyOnError: "closed" | "open";
  readonly idempotencyKeepSeconds: number;
  /** Where large payloads may be fetched from; undefined: they aren't. */
  readonly payloads:
    | { readonly buckets: readonly string[]; readonly maxMiB: number; readonly remove: boolean }
    | undefined;
  /** What is taken off around a body; undefined: nothing. */
  readonly decode: readonly string[] | undefined;
  readonly budgets: readonly BudgetSpec[];
  /** What each message takes of them; undefined: the agent says it. */
  readonly uses: Uses | undefined;
  /** Where tasks take their tokens from; undefined: each has its share. */
  readonly budgetTable: string | undefined;
  readonly webhookSignature: SignatureSpec | undefined;
  readonly transport: "auto" | "wire" | "sdk";
  readonly deadLetterQueueUrl: string | undefined;
  readonly logLevel: string;
  readonly logBodies: boolean;
}

/** Bad settings: every fault at once, one sentence each, with value and bounds. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly faults: readonly string[]) {
    super(faults.join("\n"));
  }
}

/** One line of `queuehand config`. */
export interface EffectiveSetting {
  readonly name: SettingName;
  readonly value: string | undefined;
  readonly source: Source;
}

/** Longest back-off when RETRY_BACKOFF_SECONDS names none. */
const BACKOFF_MAX_SECONDS = 900;

/**
 * The settings of an environment, checked and frozen.
 * @param env variables by name; an empty value counts as unset.
 * @param command whose defaults hold where they differ; "library", which has those of "run", needs no HANDLER.
 * @throws ConfigError with every fault found, unknown names that resemble a setting's included.
 */
export function loadConfig(env: Environment, command: Command = "library"): Config {
  const given = new GivenSettings(env, command);
  const faults = [...given.faults, ...contradictions(given), ...wayFaults(env)];
  if (faults.length > 0) throw new ConfigError(faults);

  const text = (name: SettingName) => given.text(name);
  const number = (name: SettingName) => given.number(name);
  const shutdownTimeoutSeconds = number("SHUTDOWN_TIMEOUT_SECONDS");
  const buckets = given.list("PAYLOAD_BUCKETS");
  return Object.freeze<Config>({
    queueUrl: text("SQS_QUEUE_URL") ?? "",
    handler: given.handler,
    isolation: text("ISOLATION") as Config["isolation"],
    serviceRejectStatus:
      text("SERVICE_REJECT_STATUS") === "off" ? [] : given.list("SERVICE_REJECT_STATUS")!.map(Number),
    serviceReadyPath: text("SERVICE_READY_PATH"),
    serviceReadySeconds: number("SERVICE_READY_SECONDS"),
    agentCommand: text("AGENT_COMMAND"),
    agentEnvironment: given.list("AGENT_ENV") ?? [],
    agentMemoryMiB: given.optionalNumber("AGENT_MEMORY_MB"),
    agentWorkMiB: number("AGENT_WORK_MB"),
    agentCpuSeconds: given.optionalNumber("AGENT_CPU_SECONDS"),
    agentOpenFiles: given.optionalNumber("AGENT_OPEN_FILES"),
    agentRoleArn: text("AGENT_ROLE_ARN"),
    concurrency: number("CONCURRENCY"),
    maxMessages: number("MAX_MESSAGES"),
    pollIntervalSeconds: pollWithin(shutdownTimeoutSeconds, number("POLL_INTERVAL_SECONDS")),
    visibilityTimeoutSeconds: number("VISIBILITY_TIMEOUT"),
    handlerTimeoutSeconds: number("HANDLER_TIMEOUT_SECONDS"),
    retryBackoff: backoffOf(given.backoff),
    shutdownTimeoutSeconds,
    taskProtection: text("TASK_PROTECTION") as Config["taskProtection"],
    http: text("HTTP_PORT") === "off" ? undefined : { host: text("HTTP_HOST")!, port: number("HTTP_PORT") },
    consoleActions: consoleActionsOf(text("CONSOLE_ACTIONS") === "true", text("CONSOLE_TOKEN"), text("HTTP_HOST")!),
    metrics: text("METRICS") as Config["metrics"],
    metricsNamespace: text("METRICS_NAMESPACE")!,
    metricsIntervalSeconds: number("METRICS_INTERVAL_SECONDS"),
    targetDelaySeconds: number("TARGET_DELAY_SECONDS"),
    drainBacklogSeconds: number("DRAIN_BACKLOG_SECONDS"),
    fleetServices: number("FLEET_SERVICES"),
    idempotencyTable: text("IDEMPOTENCY_TABLE"),
    idempotencyKey: text("IDEMPOTENCY_KEY")!,
    idempotencyPayload: text("IDEMPOTENCY_PAYLOAD"),
    idempotencyOnError: text("IDEMPOTENCY_ON_ERROR") as Config["idempotencyOnError"],
    idempotencyKeepSeconds: number("IDEMPOTENCY_KEEP_SECONDS"),
    payloads: buckets && { buckets, maxMiB: number("PAYLOAD_MAX_MB"), remove: text("PAYLOAD_DELETE") === "true" },
    decode: given.list("DECODE"),
    budgets: given.budgets,
    uses: given.uses,
    budgetTable: text("BUDGET_TABLE"),
    webhookSignature: given.webhookSignature,
    transport: text("SQS_TRANSPORT") as Config["transport"],
    deadLetterQueueUrl: text("DLQ_URL"),
    logLevel: text("LOG_LEVEL")!,
    logBodies: text("LOG_BODIES") === "true",
  });
}

/** Without a token only who sits at this machine may act, and `run` doesn't start so. */
function consoleActionsOf(wanted: boolean, token: string | undefined, host: string): Config["consoleActions"] {
  if (!wanted) return "no";
  if (token !== undefined) return { token };
  return isLoopback(host) ? "free" : "no";
}

/** A stop waits for the open poll, which has to fit into it. */
function pollWithin(shutdownSeconds: number, pollSeconds: number): number {
  return pollSeconds < shutdownSeconds ? pollSeconds : Math.max(1, shutdownSeconds - 1);
}

function backoffOf(backoff: GivenSettings["backoff"]): Config["retryBackoff"] {
  if (!backoff) return undefined;
  const [baseSeconds, maxSeconds = Math.max(BACKOFF_MAX_SECONDS, baseSeconds)] = backoff;
  return { baseSeconds, maxSeconds };
}

/** Every setting with its effective value, but for secrets, and where that came from; faults are `loadConfig`'s business. */
export function effectiveSettings(
  env: Environment,
  command: Command,
  sourceOf: (name: string) => Source,
): EffectiveSetting[] {
  return (SETTINGS as readonly Setting[]).map((setting) => {
    const name = setting.name as SettingName;
    return env[name]
      ? { name, value: setting.secret ? "***" : env[name], source: sourceOf(name) }
      : { name, value: fallbackOf(setting, command), source: "default" };
  });
}
