import { QueueError } from "../../pipeline/ports/queue.js";
import type { SqsCalls } from "./sqs-calls.js";

/** How far SQS's own move of a dead-letter queue's messages is. */
export interface MoveState {
  readonly status: "running" | "completed" | "cancelling" | "cancelled" | "failed";
  readonly moved: number;
  /** Approximate, when the move began. */
  readonly toMove: number | undefined;
  readonly failure: string | undefined;
}

/** SQS knows no such operation there, or the role may not use it: messages have to be copied. */
export function isWithoutMove(error: unknown): boolean {
  if (!(error instanceof QueueError)) return false;
  return /UnsupportedOperation|InvalidAction|UnknownOperation|NotImplemented|AccessDenied|not.*(supported|implemented|valid for this endpoint)|unknown (action|operation)|HTTP 404|HTTP 501/i.test(
    error.message,
  );
}

/** One message-move task of SQS: all messages of a dead-letter queue, at most 500 a second, each with a new id. */
export class MessageMove {
  private constructor(
    private readonly calls: SqsCalls,
    private readonly from: string,
    private readonly handle: string,
  ) {}

  /**
   * Begins to move everything.
   * @param perSecond 1..500; unset: as SQS sees fit.
   */
  static async start(
    calls: SqsCalls,
    { from, to, perSecond }: { from: string; to: string; perSecond: number | undefined },
    signal: AbortSignal,
  ): Promise<MessageMove> {
    const input = {
      SourceArn: from,
      DestinationArn: to,
      ...(perSecond !== undefined && { MaxNumberOfMessagesPerSecond: perSecond }),
    };
    const { TaskHandle } = await calls.call("StartMessageMoveTask", input, signal);
    return new MessageMove(calls, from, String(TaskHandle));
  }

  async state(signal: AbortSignal): Promise<MoveState> {
    const input = { SourceArn: this.from, MaxResults: 1 };
    const { Results } = await this.calls.call("ListMessageMoveTasks", input, signal);
    const result = (Results as Record<string, unknown>[] | undefined)?.[0] ?? {};
    const toMove = Number(result.ApproximateNumberOfMessagesToMove ?? Number.NaN);
    return {
      status: statusOf(result.Status),
      moved: Number(result.ApproximateNumberOfMessagesMoved ?? 0),
      toMove: Number.isFinite(toMove) ? toMove : undefined,
      failure: typeof result.FailureReason === "string" ? result.FailureReason : undefined,
    };
  }

  /** Stops it: what was moved stays moved. */
  async cancel(signal: AbortSignal): Promise<void> {
    await this.calls.call("CancelMessageMoveTask", { TaskHandle: this.handle }, signal);
  }
}

function statusOf(status: unknown): MoveState["status"] {
  const known = ["running", "completed", "cancelling", "cancelled", "failed"] as const;
  return known.find((name) => name === String(status).toLowerCase()) ?? "running";
}
