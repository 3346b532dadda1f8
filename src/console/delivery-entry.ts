import type { DeliveryFacts } from "../pipeline/ports/telemetry.js";
import type { SlotView } from "./api.js";
import type { MessageDetail, MessageState, MessageView, Stage } from "./api-messages.js";
import { ownCopy, shown } from "./shown.js";

const BODY_MAX = 2_000;
const ID_MAX = 200;
const NOTES_MAX = 10;
const NOTE_MAX = 200;
/** States of deliveries that have no outcome. */
const OPEN: ReadonlySet<MessageState> = new Set(["running", "waiting", "released"]);

/**
 * What is kept of one delivery. Entries are used again and again, so that a message costs no object; times are monotonic
 * milliseconds and NaN where they aren't known.
 */
export class DeliveryEntry {
  number = 0;
  messageId = "";
  receiveCount = 0;
  groupId: string | undefined;
  body: string | undefined;
  state: MessageState = "running";
  /** While it waits for budgets: their names. */
  waitsFor: readonly string[] | undefined;
  /** Whether an agent works on it at this moment. */
  busy = false;
  startedAt = Number.NaN;
  inQueueMs = Number.NaN;
  bufferedMs = Number.NaN;
  agentMs = Number.NaN;
  endedAt = Number.NaN;
  /** When its state was reached. */
  at = Number.NaN;
  extended: { readonly times: number; readonly at: number } | undefined;
  runs = 0;
  certain = true;
  deadLetter: "copied" | "at its next receive" | undefined;
  error: string | undefined;
  errorGroup: string | undefined;
  stack: string | undefined;
  traceId: string | undefined;
  #notes: { at: number; note: string }[] | undefined;
  /** Between its runs: held back, tried again. */
  #between: { at: number; note: string }[] | undefined;

  /** Begins to be another delivery. */
  begin({ messageId, receiveCount, groupId, body }: DeliveryFacts): this {
    this.messageId = messageId.length <= ID_MAX ? messageId : ownCopy(messageId, ID_MAX);
    this.receiveCount = receiveCount;
    this.groupId = groupId;
    this.body = body === undefined || body.length <= BODY_MAX ? body : ownCopy(body, BODY_MAX);
    this.state = "running";
    this.busy = false;
    this.startedAt = this.inQueueMs = this.bufferedMs = this.agentMs = this.endedAt = this.at = Number.NaN;
    this.runs = 0;
    this.certain = true;
    this.extended = undefined;
    this.waitsFor = this.deadLetter = this.error = this.errorGroup = this.stack = this.traceId = undefined;
    this.#notes = this.#between = undefined;
    return this;
  }

  /** An agent begins to work on it. */
  starts(at: number, inQueueMs: number, bufferedMs: number): void {
    this.runs++;
    this.state = "running";
    this.busy = true;
    this.endedAt = this.agentMs = Number.NaN;
    this.at = this.startedAt = at;
    this.inQueueMs = inQueueMs;
    this.bufferedMs = bufferedMs;
    this.waitsFor = undefined;
  }

  /** It waits for these budgets. */
  waits(since: number, budgets: readonly string[]): void {
    this.state = "waiting";
    this.at = since;
    this.waitsFor = budgets;
  }

  note(at: number, note: string): void {
    this.#notes = withOneMore(this.#notes, at, note);
  }

  between(at: number, note: string): void {
    this.#between = withOneMore(this.#between, at, note);
  }

  /** @param lower in lower case. */
  contains(lower: string): boolean {
    const texts = [this.messageId, this.groupId, this.error, this.body, ...(this.#notes ?? []).map(({ note }) => note)];
    return texts.some((text) => text?.toLowerCase().includes(lower));
  }

  /** @param epoch what has to be added to a monotonic time for one since 1970. */
  slot(epoch: number): SlotView {
    const { messageId, receiveCount, groupId, startedAt } = this;
    const note = this.#notes?.at(-1)?.note;
    return {
      messageId: shown(messageId),
      receiveCount,
      ...(groupId !== undefined && { groupId: shown(groupId) }),
      since: Math.round(epoch + startedAt),
      ...(note !== undefined && { note: shown(note) }),
    };
  }

  view(epoch: number): MessageView {
    const { number, messageId, receiveCount, groupId, state, at, inQueueMs, agentMs, error, waitsFor } = this;
    return {
      number,
      messageId: shown(messageId),
      receiveCount,
      ...(groupId !== undefined && { groupId: shown(groupId) }),
      state,
      at: Math.round(epoch + at),
      ...known("inQueueMs", inQueueMs),
      ...known("agentMs", agentMs),
      ...(error !== undefined && { error: shown(error) }),
      ...(state === "waiting" && waitsFor && { waitsFor: waitsFor.map((name) => shown(name)) }),
    };
  }

  detail(epoch: number): MessageDetail {
    const { state, runs, certain, deadLetter, errorGroup, stack, traceId, body } = this;
    return {
      ...this.view(epoch),
      stages: this.#stages(epoch),
      runs,
      ...(!OPEN.has(state) && { certain }),
      ...(deadLetter && { deadLetter }),
      notes: (this.#notes ?? []).map(({ at, note }) => ({ at: Math.round(epoch + at), note: shown(note) })),
      ...(errorGroup && { errorGroup }),
      ...(stack !== undefined && { stack }),
      ...(traceId !== undefined && { traceId }),
      ...(body !== undefined && { body }),
    };
  }

  #stages(epoch: number): Stage[] {
    const { state, startedAt, inQueueMs, bufferedMs, endedAt, at, runs, extended } = this;
    const waits = {
      name: "buffered",
      at,
      note: `waits for ${(this.waitsFor ?? []).map((name) => shown(name)).join(", ")}`,
    } as const;
    const ends = { name: state === "released" ? state : "settled", at } as const;
    const last = state === "running" ? [] : [state === "waiting" ? waits : ends];
    const stages: Stage[] = [
      { name: "sent", at: startedAt - inQueueMs },
      { name: "received", at: startedAt - bufferedMs },
      ...(bufferedMs >= 1 ? [{ name: "buffered" as const, at: startedAt - bufferedMs }] : []),
      ...(this.#between ?? []).map(({ at, note }) => ({ name: "ended" as const, at, note: shown(note) })),
      { name: "started", at: startedAt, ...(runs > 1 && { note: `run ${runs} under this lease` }) },
      ...(extended ? [{ name: "extended" as const, at: extended.at, note: timesText(extended.times) }] : []),
      { name: "ended", at: endedAt },
      ...last,
    ];
    return stages
      .filter(({ at }) => !Number.isNaN(at))
      .map((stage) => ({ ...stage, at: Math.round(epoch + stage.at) }));
  }
}

function withOneMore(notes: { at: number; note: string }[] | undefined, at: number, note: string) {
  const more = notes ?? [];
  more.push({ at, note: ownCopy(note, NOTE_MAX) });
  if (more.length > NOTES_MAX) more.shift();
  return more;
}

const timesText = (times: number) => (times === 1 ? "once" : `${times} times, this the last`);

const known = <Name extends string>(name: Name, ms: number) =>
  Number.isNaN(ms) ? undefined : ({ [name]: Math.round(ms * 10) / 10 } as Record<Name, number>);
