import { QueueError } from "../../pipeline/ports/queue.js";
import type { SqsCalls } from "./sqs-calls.js";

/** How far SQS's own move of a dead-letter queue's messages is. */
export interface MoveState {
  /** `unknown` = the answer names no move, or a state that isn't one of SQS's. */
  readonly status: "running" | "completed" | "cancelling" | "cancelled" | "failed" | "unknown";
  readonly moved: number;
  /** Approximate, when the move began. */
  readonly toMove: number | undefined;
  readonly failure: string | undefined;
}

/** SQS knows no such operation there, or the role may not use it: messages have to be copied. */
export function isWithoutMove(error: unknown): boolean {
  if (!(error instanceof QueueError)) return false;
  return /UnsupportedOperation|InvalidAction|UnknownOperation|NotImplemented|AccessDenied|not.*(supported|implemented|valid for this endpoint)|unknown (action|operation)|HTTP 40[45]|HTTP 501/i.test(
    error.message,
  );
}

/** An answer in none of SQS's forms: a page, a line of text, nothing at all. */
function isForeign(error: unknown): boolean {
  return error instanceof QueueError && /\b(UnknownError|an answer that is no JSON)\b/.test(error.message);
}

/**
 * Whether a move that could not be started is none that runs. SQS's own refusals say so; after an answer that is nobody's,
 * a server's without such an operation or of something on the way, it is asked which moves there are.
 */
export async function hasNoMove(calls: SqsCalls, from: string, error: unknown, signal: AbortSignal): Promise<boolean> {
  if (isWithoutMove(error)) return true;
  if (!isForeign(error)) return false;
  try {
    const { Results } = await calls.call("ListMessageMoveTasks", { SourceArn: from, MaxResults: 1 }, signal);
    return (Results as unknown[] | undefined)?.length === 0;
  } catch (second) {
    return isWithoutMove(second) || isForeign(second);
  }
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
    return {
      status: statusOf(result.Status),
      moved: countOf(result.ApproximateNumberOfMessagesMoved) ?? 0,
      toMove: countOf(result.ApproximateNumberOfMessagesToMove),
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
  return known.find((name) => typeof status === "string" && name === status.toLowerCase()) ?? "unknown";
}

/** A number, or the text of one, as some servers write it. */
function countOf(given: unknown): number | undefined {
  const count = typeof given === "number" || typeof given === "string" ? Number(given) : Number.NaN;
  return Number.isFinite(count) ? count : undefined;
}
