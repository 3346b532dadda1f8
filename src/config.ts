import { editDistance } from "./edit-distance.js";
import { VISIBILITY_MAX_SECONDS } from "./pipeline/queue.js";
import { boundsOf, type Command, fallbackOf, SETTINGS, type Setting, type SettingName } from "./settings.js";

/** Where an effective value came from. */
export type Source = "default" | "environment" | ".env" | "command line";

/** How the agent is run; what HANDLER says. */
export type HandlerSpec =
  | { readonly kind: "module"; readonly path: string }
  | { readonly kind: "program"; readonly command: string }
  | { readonly kind: "service"; readonly url: string };

/** The effective settings, checked and frozen. */
export interface Config {
  readonly queueUrl: string;
  readonly handler: HandlerSpec | undefined;
  readonly isolation: "none" | "process" | "process-per-message";
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
  readonly metrics: "cloudwatch" | "emf" | "off";
  readonly metricsNamespace: string;
  readonly metricsIntervalSeconds: number;
  readonly targetDelaySeconds: number;
  readonly drainBacklogSeconds: number;
  readonly fleetServices: number;
  readonly idempotencyTable: string | undefined;
  readonly idempotencyKey: string;
  readonly idempotencyOnError: "closed" | "open";
  readonly idempotencyKeepSeconds: number;
  /** Where large payloads may be fetched from; undefined: they aren't. */
  readonly payloads:
    | { readonly buckets: readonly string[]; readonly maxMiB: number; readonly remove: boolean }
    | undefined;
  /** How webhooks are signed; `variable` names the environment variable that holds the secret. */
  readonly webhookSignature: { readonly scheme: string; readonly variable: string } | undefined;
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

type Environment = Readonly<Record<string, string | undefined>>;

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
 * @param command whose defaults hold where they differ.
 * @throws ConfigError with every fault found, unknown names that resemble a setting's included.
 */
export function loadConfig(env: Environment, command: Command = "run"): Config {
  const faults = [...unknownNames(env)];
  const set = (name: SettingName) => Boolean(env[name]);
  const values = new Map<SettingName, string | undefined>();
  for (const setting of SETTINGS as readonly Setting[]) {
    const value = env[setting.name] || fallbackOf(setting, command);
    const fault = value === undefined ? missing(setting, command) : faultOf(setting, value);
    if (fault) faults.push(fault);
    values.set(setting.name as SettingName, fault ? undefined : value);
  }
  const text = (name: SettingName) => values.get(name);
  const number = (name: SettingName) => Number(values.get(name));
  const optionalNumber = (name: SettingName) => (text(name) === undefined ? undefined : number(name));

  const handler = text("HANDLER") === undefined ? undefined : handlerSpec(text("HANDLER")!);
  const shutdownTimeoutSeconds = number("SHUTDOWN_TIMEOUT_SECONDS");
  let pollIntervalSeconds = number("POLL_INTERVAL_SECONDS");
  if (pollIntervalSeconds >= shutdownTimeoutSeconds) {
    if (set("POLL_INTERVAL_SECONDS") && set("SHUTDOWN_TIMEOUT_SECONDS")) {
      faults.push(
        `SHUTDOWN_TIMEOUT_SECONDS must exceed POLL_INTERVAL_SECONDS (${pollIntervalSeconds}), since a stop waits for the open poll, got "${shutdownTimeoutSeconds}"`,
      );
    }
    pollIntervalSeconds = Math.max(1, shutdownTimeoutSeconds - 1);
  }
  for (const name of ["IDEMPOTENCY_KEY", "IDEMPOTENCY_ON_ERROR", "IDEMPOTENCY_KEEP_SECONDS"] as const) {
    if (set(name) && !set("IDEMPOTENCY_TABLE")) {
      faults.push(`${name} needs IDEMPOTENCY_TABLE, which is unset, got "${env[name]}"`);
    }
  }
  for (const name of ["PAYLOAD_MAX_MB", "PAYLOAD_DELETE"] as const) {
    if (set(name) && !set("PAYLOAD_BUCKETS")) {
      faults.push(`${name} needs PAYLOAD_BUCKETS, which is unset, got "${env[name]}"`);
    }
  }
  const webhookSignature = text("WEBHOOK_SIGNATURE") && signatureSpec(text("WEBHOOK_SIGNATURE")!);
  if (webhookSignature && !env[webhookSignature.variable]) {
    faults.push(
      `WEBHOOK_SIGNATURE must name a variable that holds the secret, got "${env.WEBHOOK_SIGNATURE}" with ${webhookSignature.variable} unset`,
    );
  }
  if (handler && handler.kind !== "module" && values.get("ISOLATION") !== "none" && set("ISOLATION")) {
    faults.push(
      `ISOLATION is for module agents and must be none with HANDLER "${env.HANDLER}", got "${env.ISOLATION}"`,
    );
  }
  if (handler && handler.kind !== "service" && set("AGENT_COMMAND")) {
    faults.push(`AGENT_COMMAND needs a service as HANDLER, http://HOST:PORT/PATH, got "${env.AGENT_COMMAND}"`);
  }
  const elsewhere =
    (handler?.kind === "module" && values.get("ISOLATION") === "none") ||
    (handler?.kind === "service" && !set("AGENT_COMMAND"));
  for (const name of ["AGENT_ENV", "AGENT_MEMORY_MB", "AGENT_CPU_SECONDS", "AGENT_OPEN_FILES"] as const) {
    if (!elsewhere || !set(name)) continue;
    faults.push(
      `${name} needs an agent in a process of its own, by ISOLATION=process, HANDLER=exec:COMMAND or AGENT_COMMAND, got "${env[name]}"`,
    );
  }
  if (handler?.kind === "service") {
    for (const name of ["AGENT_CPU_SECONDS", "AGENT_ROLE_ARN"] as const) {
      if (set(name))
        faults.push(`${name} is for modules and programs, not for a service as HANDLER, got "${env[name]}"`);
    }
  }
  const queueUrl = text("SQS_QUEUE_URL");
  const deadLetterQueueUrl = text("DLQ_URL");
  if (queueUrl !== undefined && queueUrl === deadLetterQueueUrl) {
    faults.push(`DLQ_URL must differ from SQS_QUEUE_URL, got "${deadLetterQueueUrl}" for both`);
  } else if (queueUrl && deadLetterQueueUrl && isFifo(queueUrl) !== isFifo(deadLetterQueueUrl)) {
    faults.push(`DLQ_URL and SQS_QUEUE_URL must both be FIFO queues or both not, got "${deadLetterQueueUrl}"`);
  }
  const backoff = text("RETRY_BACKOFF_SECONDS")?.split(",").map(Number);
  if (backoff?.[1] !== undefined && backoff[1] < backoff[0]!) {
    faults.push(`RETRY_BACKOFF_SECONDS must have a max not below its base, got "${env.RETRY_BACKOFF_SECONDS}"`);
  }
  if (faults.length > 0) throw new ConfigError(faults);

  return Object.freeze<Config>({
    queueUrl: queueUrl ?? "",
    handler,
    isolation: text("ISOLATION") as Config["isolation"],
    agentCommand: text("AGENT_COMMAND"),
    agentEnvironment: text("AGENT_ENV")?.split(/\s*,\s*/) ?? [],
    agentMemoryMiB: optionalNumber("AGENT_MEMORY_MB"),
    agentWorkMiB: number("AGENT_WORK_MB"),
    agentCpuSeconds: optionalNumber("AGENT_CPU_SECONDS"),
    agentOpenFiles: optionalNumber("AGENT_OPEN_FILES"),
    agentRoleArn: text("AGENT_ROLE_ARN"),
    concurrency: number("CONCURRENCY"),
    maxMessages: number("MAX_MESSAGES"),
    pollIntervalSeconds,
    visibilityTimeoutSeconds: number("VISIBILITY_TIMEOUT"),
    handlerTimeoutSeconds: number("HANDLER_TIMEOUT_SECONDS"),
    retryBackoff: backoff && {
      baseSeconds: backoff[0]!,
      maxSeconds: backoff[1] ?? Math.max(BACKOFF_MAX_SECONDS, backoff[0]!),
    },
    shutdownTimeoutSeconds,
    taskProtection: text("TASK_PROTECTION") as Config["taskProtection"],
    http: text("HTTP_PORT") === "off" ? undefined : { host: text("HTTP_HOST")!, port: number("HTTP_PORT") },
    metrics: text("METRICS") as Config["metrics"],
    metricsNamespace: text("METRICS_NAMESPACE")!,
    metricsIntervalSeconds: number("METRICS_INTERVAL_SECONDS"),
    targetDelaySeconds: number("TARGET_DELAY_SECONDS"),
    drainBacklogSeconds: number("DRAIN_BACKLOG_SECONDS"),
    fleetServices: number("FLEET_SERVICES"),
    idempotencyTable: text("IDEMPOTENCY_TABLE"),
    idempotencyKey: text("IDEMPOTENCY_KEY")!,
    idempotencyOnError: text("IDEMPOTENCY_ON_ERROR") as Config["idempotencyOnError"],
    idempotencyKeepSeconds: number("IDEMPOTENCY_KEEP_SECONDS"),
    payloads: text("PAYLOAD_BUCKETS")
      ? {
          buckets: text("PAYLOAD_BUCKETS")!.split(/\s*,\s*/),
          maxMiB: number("PAYLOAD_MAX_MB"),
          remove: text("PAYLOAD_DELETE") === "true",
        }
      : undefined,
    webhookSignature: webhookSignature || undefined,
    deadLetterQueueUrl,
    logLevel: text("LOG_LEVEL")!,
    logBodies: text("LOG_BODIES") === "true",
  });
}

/** Every setting with its effective value and where that came from; faults are `loadConfig`'s business. */
export function effectiveSettings(
  env: Environment,
  command: Command,
  sourceOf: (name: string) => Source,
): EffectiveSetting[] {
  return (SETTINGS as readonly Setting[]).map((setting) => {
    const name = setting.name as SettingName;
    return env[name]
      ? { name, value: env[name], source: sourceOf(name) }
      : { name, value: fallbackOf(setting, command), source: "default" };
  });
}

const isFifo = (url: string) => url.endsWith(".fifo");

function missing(setting: Setting, command: Command): string | undefined {
  if (!setting.required?.includes(command)) return undefined;
  return `${setting.name} is missing: ${boundsOf(setting.shape)} is required`;
}

/** The fault of a value that is set, or undefined if it is fine. */
function faultOf({ name, shape }: Setting, value: string): string | undefined {
  const fault = (bounds = boundsOf(shape)) => `${name} must be ${bounds}, got ${JSON.stringify(value)}`;
  switch (shape.kind) {
    case "url":
      return isHttpUrl(value) ? undefined : fault();
    case "handler":
      return handlerSpec(value) ? undefined : fault();
    case "integer":
      if (!/^-?\d+$/.test(value)) return fault(`a whole number ${boundsOf(shape)}`);
      return Number(value) >= shape.min && Number(value) <= shape.max ? undefined : fault();
    case "choice":
      return shape.values.includes(value) ? undefined : fault();
    case "port":
      return value === "off" || (/^\d+$/.test(value) && Number(value) <= 65_535) ? undefined : fault();
    case "backoff": {
      const parts = value.split(",");
      const good =
        parts.length <= 2 && parts.every((part) => /^\d+$/.test(part) && +part >= 1 && +part <= VISIBILITY_MAX_SECONDS);
      return good ? undefined : fault();
    }
    case "idempotencyKey":
      return /^(messageId|attribute:[\w.-]{1,256}|body:(\/.*)?)$/.test(value) ? undefined : fault();
    case "webhookSignature":
      return signatureSpec(value) ? undefined : fault();
    case "boolean":
      return value === "true" || value === "false" ? undefined : fault();
    case "text":
      return shape.pattern && !shape.pattern.test(value) ? fault() : undefined;
  }
}

function isHttpUrl(value: string): boolean {
  return /^https?:$/.test(URL.parse(value)?.protocol ?? "");
}

/** What WEBHOOK_SIGNATURE says, or undefined when it isn't as it should be. */
function signatureSpec(value: string): Config["webhookSignature"] {
  const [, scheme, variable] =
    /^(github|stripe|shopify|slack|standard|[\w-]+\/(?:hex|base64)):([A-Za-z_]\w*)$/.exec(value) ?? [];
  return scheme && variable ? { scheme, variable } : undefined;
}

/** What HANDLER names, or undefined when its scheme is none of ours. */
function handlerSpec(value: string): HandlerSpec | undefined {
  if (value.startsWith("exec:")) {
    const command = value.slice("exec:".length).trim();
    return command ? { kind: "program", command } : undefined;
  }
  if (isHttpUrl(value)) return { kind: "service", url: value };
  if (value.startsWith("file:")) return { kind: "module", path: value };
  return /^[a-z][a-z\d+.-]+:/i.test(value) ? undefined : { kind: "module", path: value };
}

/** A name one slip away from a setting's would be ignored silently, and its owner would believe it heeded. */
function* unknownNames(env: Environment): Generator<string> {
  const known = new Set<string>(SETTINGS.map(({ name }) => name));
  for (const name of Object.keys(env)) {
    if (known.has(name) || !env[name] || !/^[A-Z]/.test(name)) continue;
    const nearest = SETTINGS.find((setting) => isSlipOf(setting.name, name));
    if (nearest) yield `${name} is not a setting, got ${JSON.stringify(env[name])}; did you mean ${nearest.name}?`;
  }
}

/** One letter off, two in a longer name. */
function isSlipOf(name: string, typed: string): boolean {
  const allowed = name.length > 8 ? 2 : 1;
  return Math.abs(name.length - typed.length) <= allowed && editDistance(typed, name) <= allowed;
}
