import type { Agent } from "../agents/define-handler.js";
import { SourceQueue } from "../aws/sqs/source-queue.js";
import { agentRoleOf } from "../aws/sts/sts-agent-role.js";
import type { Config } from "../config/config.js";
import { createLogger } from "../observe/log.js";
import type { Ledger } from "../pipeline/budget/ledger.js";
import { LeaseTable } from "../pipeline/lease/lease-table.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { leasesFor } from "../pipeline/poll/room.js";
import type { BudgetTable } from "../pipeline/ports/budget-table.js";
import { type Clock, systemClock } from "../pipeline/ports/clock.js";
import type { Handler } from "../pipeline/ports/handler.js";
import type { QueueError } from "../pipeline/ports/queue.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";
import { fanOut, type Telemetry } from "../pipeline/ports/telemetry.js";
import { traceOf } from "../tracing/sender-trace.js";
import { ledgerOf } from "./budgets.js";
import { type Extending, extendingOf } from "./extending.js";
import { handlerOf } from "./handler-of.js";
import { keysOf } from "./idempotency.js";
import { type Intake, intakeOf } from "./intake.js";
import { Lifecycle } from "./lifecycle.js";
import { queueNameOf } from "./start-report.js";
import { transportsOf } from "./transports.js";
import { Watchers } from "./watchers.js";
import type { WorkerOptions } from "./worker-options.js";

/** What a worker is made of. */
export interface WorkerParts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly lifecycle: Lifecycle;
  /** Unset where the queue was given. */
  readonly source: SourceQueue | undefined;
  readonly agent: Handler;
  readonly intake: Intake;
  readonly ledger: Ledger;
  readonly budgetTable: BudgetTable | undefined;
  readonly extending: Extending;
  readonly pipeline: Pipeline;
  readonly watchers: Watchers;
  readonly status: () => WorkerStatus;
}

/**
 * Puts a worker's parts together; nothing is started yet.
 * @param onFatal told when nothing can be received any more.
 */
export function partsOf(
  given: Agent | Handler,
  config: Config,
  options: WorkerOptions,
  onFatal: (error: QueueError) => void,
): WorkerParts {
  const { queueUrl, concurrency: slots } = config;
  const clock = options.clock ?? systemClock;
  const listeners: Telemetry[] = [];
  const telemetry = fanOut(listeners);
  const lifecycle = new Lifecycle(telemetry);
  const status = () => ({ state: lifecycle.state, ...pipeline.status() });
  const transports = transportsOf({ SQS: config.transport, DynamoDB: config.transport }, (service, error) =>
    telemetry({ kind: "transportChanged", service, error }),
  );
  // Applications written for Elastic Beanstalk's daemon read it; nobody else does.
  const asksForSender = config.handler?.kind === "service";
  const source = options.queue
    ? undefined
    : new SourceQueue({ ...config, transport: transports.SQS, telemetry, asksForSender });
  const { ledger, table: budgetTable } = ledgerOf(config, {
    clock,
    telemetry,
    transport: transports.DynamoDB,
    table: options.budgetTable,
    tasks: () => watchers.tasks,
  });
  const logger = options.logger ?? createLogger({ level: config.logLevel, queue: queueNameOf(config) });
  const watchers = new Watchers({
    config,
    source,
    status,
    awaiting: () => pipeline.awaiting(),
    onTasks: config.budgets.length > 0 ? (tasks, isGuess) => ledger.share(tasks, isGuess) : undefined,
    telemetry,
    clock,
    logger,
    routes: options.routes,
    droppedSpans: () => intake.handler.dropped,
    queueCounts: options.queueCounts,
    consoleExtra: options.consoleExtra,
  });
  const role = options.agentRole ?? agentRoleOf(config);
  const agent = handlerOf(given, { logger, role, isolation: config.isolation });
  const keys = keysOf(config, options.idempotencyTable, transports.DynamoDB);
  const intake = intakeOf(agent, config, { clock, telemetry, listeners, keys, payloadStore: options.payloadStore });

  listeners.push(...watchers.listeners, intake.onFact);
  if (options.telemetry) listeners.push(options.telemetry);

  const leases = new LeaseTable(leasesFor(slots));
  const extending = extendingOf(config, { leases, keys, queue: options.queue, transports, clock, telemetry });
  const pipeline = new Pipeline({
    ...config,
    queue: options.queue ?? source!,
    handler: intake.handler,
    estimate: agent.estimate?.bind(agent),
    traceOf,
    leases,
    clock,
    telemetry,
    ledger,
    slots,
    fifo: queueUrl.endsWith(".fifo"),
    othersAtWork: () => watchers.tasks > 1,
    onReceived: () => extending.startThread(),
    onFatal,
  });
  return {
    clock,
    telemetry,
    lifecycle,
    source,
    agent,
    intake,
    ledger,
    budgetTable,
    extending,
    pipeline,
    watchers,
    status,
  };
}
