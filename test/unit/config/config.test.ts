import { describe, expect, test } from "@jest/globals";
import { ConfigError, effectiveSettings, loadConfig } from "../../../src/config/config.js";
import { queueName } from "../../../src/config/queue-name.js";

const REQUIRED = { SQS_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks", HANDLER: "./agent.mjs" };

const SERVICE = "http://127.0.0.1:8000/run";
const ROLE = "arn:aws:iam::123456789012:role/agents";

/** The faults of an environment. */
function faults(env: Record<string, string>): readonly string[] {
  try {
    loadConfig({ ...REQUIRED, ...env });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe("the settings", () => {
  test("have the defaults of run when only the queue and the handler are named", () => {
    expect(loadConfig(REQUIRED)).toMatchObject({
      queueUrl: REQUIRED.SQS_QUEUE_URL,
      handler: { kind: "module", path: "./agent.mjs" },
      isolation: "none",
      concurrency: 10,
      maxMessages: 10,
      pollIntervalSeconds: 20,
      visibilityTimeoutSeconds: 120,
      handlerTimeoutSeconds: 900,
      retryBackoff: undefined,
      shutdownTimeoutSeconds: 110,
      http: { host: "127.0.0.1", port: 8080 },
      metrics: "cloudwatch",
      metricsNamespace: "Queuehand",
      metricsIntervalSeconds: 10,
      targetDelaySeconds: 30,
      drainBacklogSeconds: 300,
      logLevel: "info",
      logBodies: false,
    });
  });

  test("have other defaults in dev, where nothing is required", () => {
    expect(loadConfig({}, "dev")).toMatchObject({ pollIntervalSeconds: 1, metrics: "off", handler: undefined });
  });

  test("ask no program that brings its agent along for HANDLER, and have the defaults of run there", () => {
    const { SQS_QUEUE_URL } = REQUIRED;
    expect(loadConfig({ SQS_QUEUE_URL })).toMatchObject({ handler: undefined, pollIntervalSeconds: 20 });
    expect(() => loadConfig({})).toThrow("SQS_QUEUE_URL is missing");
  });

  test.each([
    ["ISOLATION", "process"],
    ["AGENT_MEMORY_MB", "512"],
    ["AGENT_COMMAND", "node server.mjs"],
  ])("don't let a program believe that %s holds for a function", (name, value) => {
    const { SQS_QUEUE_URL } = REQUIRED;
    expect(() => loadConfig({ SQS_QUEUE_URL, [name]: value })).toThrow(
      `${name} needs HANDLER: an agent that is given as a function runs in this process, got "${value}"`,
    );
  });

  test("are frozen", () => {
    expect(Object.isFrozen(loadConfig(REQUIRED))).toBe(true);
  });

  test("take an empty value for unset", () => {
    expect(loadConfig({ ...REQUIRED, CONCURRENCY: "", RETRY_BACKOFF_SECONDS: "" })).toMatchObject({
      concurrency: 10,
      retryBackoff: undefined,
    });
  });

  test.each([
    ["./agent.mjs", { kind: "module", path: "./agent.mjs" }],
    ["file:///srv/agent.mjs", { kind: "module", path: "file:///srv/agent.mjs" }],
    ["exec:python agent.py", { kind: "program", command: "python agent.py" }],
    [SERVICE, { kind: "service", url: SERVICE }],
  ])("read HANDLER %s", (HANDLER, handler) => {
    expect(loadConfig({ ...REQUIRED, HANDLER }).handler).toEqual(handler);
  });

  test.each([
    ["tasks", { name: "tasks", account: undefined, region: undefined }],
    ["tasks.fifo", { name: "tasks.fifo", account: undefined, region: undefined }],
    ["arn:aws-cn:sqs:cn-north-1:123456789012:tasks", { name: "tasks", account: "123456789012", region: "cn-north-1" }],
    ["https://sqs.eu-west-1.amazonaws.com/123456789012/tasks", undefined],
    ["tasks.fifo.fifo", undefined],
    ["", undefined],
  ])("take a queue's name or ARN for its URL: %s", (text, named) => {
    expect(queueName(text)).toEqual(named);
  });

  test("tell a program to look a queue's name up before", () => {
    expect(() => loadConfig({ SQS_QUEUE_URL: "tasks" })).toThrow(
      'SQS_QUEUE_URL must be a URL here, got "tasks"; loadConfig(await withQueueUrls(process.env)) looks it up',
    );
    expect(loadConfig({ SQS_QUEUE_URL: "tasks", HANDLER: "./agent.mjs" }, "run").queueUrl).toBe("tasks");
  });

  test.each([
    ["5", { baseSeconds: 5, maxSeconds: 900 }],
    ["5,60", { baseSeconds: 5, maxSeconds: 60 }],
    ["2000", { baseSeconds: 2000, maxSeconds: 2000 }],
  ])("read RETRY_BACKOFF_SECONDS %s", (RETRY_BACKOFF_SECONDS, retryBackoff) => {
    expect(loadConfig({ ...REQUIRED, RETRY_BACKOFF_SECONDS }).retryBackoff).toEqual(retryBackoff);
  });

  test("shorten the long poll to fit a short drain, unless both were set", () => {
    expect(loadConfig({ ...REQUIRED, SHUTDOWN_TIMEOUT_SECONDS: "5" }).pollIntervalSeconds).toBe(4);
    expect(loadConfig({ ...REQUIRED, SHUTDOWN_TIMEOUT_SECONDS: "1" }).pollIntervalSeconds).toBe(1);
  });

  test("switch the server off by HTTP_PORT=off", () => {
    expect(loadConfig({ ...REQUIRED, HTTP_PORT: "off" }).http).toBeUndefined();
  });
});

describe("bad settings", () => {
  test("are all told at once, with value and bounds", () => {
    const bad = { POLL_INTERVAL_SECONDS: "25", CONCURRENCY: "0", VISIBILITY_TIMEOUTS: "30" };
    expect(() => loadConfig(bad, "run")).toThrow(
      new ConfigError([
        'VISIBILITY_TIMEOUTS is not a setting, got "30"; did you mean VISIBILITY_TIMEOUT?',
        "SQS_QUEUE_URL is missing: a queue's URL, name or ARN is required",
        "HANDLER is missing: a module path, exec:COMMAND, or an http URL is required",
        'CONCURRENCY must be between 1 and 1000, got "0"',
        'POLL_INTERVAL_SECONDS must be between 0 and 20, got "25"',
      ]),
    );
  });

  test.each([
    ["CONCURRENCY", "ten"],
    ["CONCURRENCY", "2.5"],
    ["CONCURRENCY", "1e3"],
    ["MAX_MESSAGES", "11"],
    ["VISIBILITY_TIMEOUT", "14"],
    ["HANDLER_TIMEOUT_SECONDS", "42601"],
    ["SHUTDOWN_TIMEOUT_SECONDS", "116"],
    ["HTTP_PORT", "65536"],
    ["HTTP_HOST", "not a host"],
    ["METRICS", "statsd"],
    ["METRICS_NAMESPACE", "AWS/SQS"],
    ["METRICS_INTERVAL_SECONDS", "5"],
    ["RETRY_BACKOFF_SECONDS", "1,2,3"],
    ["IDEMPOTENCY_TABLE", "x"],
    ["LOG_LEVEL", "verbose"],
    ["LOG_BODIES", "yes"],
    ["SQS_QUEUE_URL", "no queue"],
    ["SQS_QUEUE_URL", "sqs.eu-west-1.amazonaws.com/123456789012/tasks"],
    ["SQS_QUEUE_URL", "arn:aws:sns:eu-west-1:123456789012:tasks"],
    ["SQS_QUEUE_URL", "a".repeat(81)],
    ["DLQ_URL", "arn:aws:sqs:eu-west-1:1:tasks"],
    ["SQS_QUEUE_URL", "ftp://host/queue"],
    ["HANDLER", "lambda:thing"],
    ["HANDLER", "exec:"],
    ["ISOLATION", "vm"],
    ["AGENT_CPU_SECONDS", "0"],
    ["AGENT_CPU_SECONDS", "172801"],
    ["AGENT_OPEN_FILES", "63"],
    ["AGENT_OPEN_FILES", "1048577"],
    ["AGENT_ROLE_ARN", "agents"],
    ["AGENT_ROLE_ARN", "arn:aws:iam::123456789012:user/agents"],
    ["AGENT_WORK_MB", "0"],
  ])("%s=%s is refused by name and value", (name, value) => {
    const told = faults({ ...(name.startsWith("AGENT_") && { ISOLATION: "process" }), [name]: value });
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(name);
    expect(told[0]).toContain(JSON.stringify(value));
  });

  test.each([
    [{ SHUTDOWN_TIMEOUT_SECONDS: "10", POLL_INTERVAL_SECONDS: "20" }, /SHUTDOWN_TIMEOUT_SECONDS must exceed/],
    [{ RETRY_BACKOFF_SECONDS: "60,10" }, /max not below its base/],
    [{ IDEMPOTENCY_KEY: "attribute:order" }, /needs IDEMPOTENCY_TABLE/],
    [{ HANDLER: "exec:true", ISOLATION: "process" }, /ISOLATION is for module agents/],
    [{ AGENT_COMMAND: "serve" }, /AGENT_COMMAND needs a service as HANDLER/],
    ...["AGENT_ENV", "AGENT_MEMORY_MB", "AGENT_WORK_MB", "AGENT_CPU_SECONDS", "AGENT_OPEN_FILES"].map(
      (name) =>
        [{ [name]: name === "AGENT_ENV" ? "MODEL" : "100" }, RegExp(`${name} needs an agent in a process`)] as const,
    ),
    ...["AGENT_MEMORY_MB", "AGENT_WORK_MB", "AGENT_OPEN_FILES"].map(
      (name) => [{ HANDLER: SERVICE, [name]: "100" }, RegExp(`${name} needs an agent in a process`)] as const,
    ),
    [{ HANDLER: SERVICE, AGENT_CPU_SECONDS: "100" }, /AGENT_CPU_SECONDS is for modules and programs/],
    [{ HANDLER: SERVICE, AGENT_ROLE_ARN: ROLE }, /AGENT_ROLE_ARN is for modules and programs/],
    [{ HANDLER: SERVICE, AGENT_COMMAND: "serve", AGENT_CPU_SECONDS: "100" }, /AGENT_CPU_SECONDS is for modules/],
    [{ DLQ_URL: REQUIRED.SQS_QUEUE_URL }, /DLQ_URL must differ/],
    [{ DLQ_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/dead.fifo" }, /must both be FIFO/],
  ])("that contradict each other are refused: %j", (env, fault) => {
    expect(faults(env as unknown as Record<string, string>)).toEqual([expect.stringMatching(fault)]);
  });

  test.each([
    { ISOLATION: "process", AGENT_WORK_MB: "100", AGENT_CPU_SECONDS: "100", AGENT_ROLE_ARN: ROLE },
    { HANDLER: "exec:true", AGENT_OPEN_FILES: "100", AGENT_CPU_SECONDS: "100", AGENT_ROLE_ARN: ROLE },
    { HANDLER: SERVICE, AGENT_COMMAND: "serve", AGENT_OPEN_FILES: "100", AGENT_MEMORY_MB: "100" },
    { AGENT_ROLE_ARN: ROLE },
  ])("don't include limits where they matter: %j", (env) => {
    expect(faults(env as unknown as Record<string, string>)).toEqual([]);
  });

  test.each(["CONCURENCY", "LOGLEVEL", "DLQ_URI", "SQS_QUEUE_URLS", "METRIC", "HANDLER_TIMEOUT_SECOND"])(
    "include %s, which resembles a setting's name",
    (name) => {
      expect(faults({ [name]: "1" })).toEqual([expect.stringMatching(`^${name} is not a setting.*did you mean`)]);
    },
  );

  test.each(["_HANDLER", "PATH", "HTTP_PROXY", "NO_PROXY", "AWS_REGION", "HOST", "npm_config_loglevel", "NODE_ENV"])(
    "don't include %s, which is another's",
    (name) => {
      expect(faults({ [name]: "1" })).toEqual([]);
    },
  );
});

describe("effective settings", () => {
  test("name each value and where it came from", () => {
    const settings = effectiveSettings({ CONCURRENCY: "3" }, "run", () => "environment");
    expect(settings).toContainEqual({ name: "CONCURRENCY", value: "3", source: "environment" });
    expect(settings).toContainEqual({ name: "MAX_MESSAGES", value: "10", source: "default" });
  });
});

describe("the settings of a service", () => {
  const service = (env: Record<string, string> = {}) => loadConfig({ ...REQUIRED, HANDLER: SERVICE, ...env });

  test("reject by 422 alone, by what is named, or by nothing", () => {
    expect(service().serviceRejectStatus).toEqual([422]);
    expect(service({ SERVICE_REJECT_STATUS: "400, 409,422" }).serviceRejectStatus).toEqual([400, 409, 422]);
    expect(service({ SERVICE_REJECT_STATUS: "off" }).serviceRejectStatus).toEqual([]);
  });

  test.each([
    ["SERVICE_REJECT_STATUS", "200"],
    ["SERVICE_REJECT_STATUS", "4xx"],
    ["SERVICE_REJECT_STATUS", "off,422"],
    ["SERVICE_READY_PATH", "health"],
    ["SERVICE_READY_PATH", "//elsewhere.example/"],
    ["SERVICE_READY_SECONDS", "0"],
  ])("%s can't be %s", (name, value) => {
    expect(faults({ HANDLER: SERVICE, [name]: value })).toEqual([
      expect.stringMatching(new RegExp(`^${name} must be .*, got "${value.replace(/[/.]/g, "\\$&")}"$`)),
    ]);
  });

  test.each([
    ["SERVICE_REJECT_STATUS", "400"],
    ["SERVICE_READY_PATH", "/health"],
    ["SERVICE_READY_SECONDS", "90"],
  ])("%s needs a service", (name, value) => {
    for (const HANDLER of ["./agent.mjs", "exec:true"]) {
      expect(faults({ HANDLER, [name]: value })).toEqual([
        `${name} needs a service as HANDLER, http://HOST:PORT/PATH, got "${value}"`,
      ]);
    }
  });
});

test("the payload of a key is a part of a body, and needs the table of keys", () => {
  expect(
    loadConfig({ ...REQUIRED, IDEMPOTENCY_TABLE: "keys", IDEMPOTENCY_PAYLOAD: "body:/a" }).idempotencyPayload,
  ).toBe("body:/a");
  expect(faults({ IDEMPOTENCY_PAYLOAD: "body:/a" })).toEqual([
    'IDEMPOTENCY_PAYLOAD needs IDEMPOTENCY_TABLE, which is unset, got "body:/a"',
  ]);
  expect(faults({ IDEMPOTENCY_TABLE: "keys", IDEMPOTENCY_PAYLOAD: "/a" })).toHaveLength(1);
});
