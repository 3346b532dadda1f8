import type { QueueCounts } from "../console/api.js";
import type { Route } from "../console/health-server.js";
import type { ConsoleExtra } from "../console/page-source.js";
import type { Logger } from "../observe/log.js";
import type { AgentRole } from "../pipeline/ports/agent-role.js";
import type { BudgetTable } from "../pipeline/ports/budget-table.js";
import type { Clock } from "../pipeline/ports/clock.js";
import type { IdempotencyTable } from "../pipeline/ports/idempotency.js";
import type { PayloadStore } from "../pipeline/ports/payload.js";
import type { Queue } from "../pipeline/ports/queue.js";
import type { Telemetry } from "../pipeline/ports/telemetry.js";

/** What a worker is given besides its agent and its settings. */
export interface WorkerOptions {
  /** Told every fact besides the log and the counters. If it throws, that is told once, and touches no message. */
  readonly telemetry?: Telemetry;
  /** Instead of the SQS queue of the settings; its leases are then extended on the caller's event loop. */
  readonly queue?: Queue;
  /** Instead of the DynamoDB table that IDEMPOTENCY_TABLE names, which has to be set in any case. */
  readonly idempotencyTable?: IdempotencyTable;
  /** Instead of the DynamoDB table that BUDGET_TABLE names, which has to be set in any case. */
  readonly budgetTable?: BudgetTable;
  /** Instead of the S3 buckets that PAYLOAD_BUCKETS names, which has to be set in any case. */
  readonly payloadStore?: PayloadStore;
  /** Instead of the role that AGENT_ROLE_ARN names, for an agent in this process; closed when the worker stops. */
  readonly agentRole?: AgentRole;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** For the console: asked once a second. Unset: SQS is, once in five seconds and only while the page is open. */
  readonly queueCounts?: () => Promise<QueueCounts>;
  /** More paths for the HTTP server, besides the health pages and the console. */
  readonly routes?: Readonly<Record<string, Route>>;
  /** A section more on the console. */
  readonly consoleExtra?: ConsoleExtra;
}
