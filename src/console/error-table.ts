import { createHash } from "node:crypto";
import { described, words } from "../pipeline/ports/thrown.js";
import { alike } from "../text/alike.js";
import type { ErrorGroup, ErrorGroups, ErrorKind } from "./api-messages.js";
import { ownCopy, shown } from "./shown.js";

/** One failure as it is added. */
export interface Failure {
  readonly kind: ErrorKind;
  readonly cause: unknown;
  readonly messageId: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What is known of a failure when it was added; the group is undefined for one of the others. */
export interface Filed {
  readonly text: string;
  readonly group: string | undefined;
  readonly stack: string | undefined;
}

interface Group {
  readonly id: string;
  readonly kind: ErrorKind;
  readonly error: string;
  readonly firstAt: number;
  count: number;
  lastAt: number;
  /** Failures of each minute, the minute itself modulo the hour; those after `minute` are an hour old. */
  readonly minutes: Uint32Array;
  minute: number;
  example: { messageId: string; text: string; stack: string | undefined };
}

const GROUPS_MAX = 200;
const MINUTE_MS = 60_000;
const MINUTES = 60;
/** Enough to recognise the fault. */
const TEXT_MAX = 300;
const STACK_MAX = 2_000;
/** A stack is made into text when it is first read, which costs more than all else here: of each second some. */
const STACKS_PER_SECOND = 20;
/** To find out what is alike takes some patterns; in a storm of failures that all differ the rest isn't grouped. */
const NEW_TEXTS_PER_SECOND = 200;
/** Texts whose group is known, so that a storm of the same failure costs a look-up each. */
const KNOWN_TEXTS_MAX = 500;

/** The failures of a worker, grouped as `dlq ls` groups dead letters; bounded in memory and, in a storm, in time. */
export class ErrorTable {
  /** The least recently seen first. */
  readonly #groups = new Map<string, Group>();
  readonly #known = new Map<string, Group>();
  #others = 0;
  #second = 0;
  #stacks = 0;
  #newTexts = 0;

  add({ kind, cause, messageId, at }: Failure): Filed {
    const second = Math.floor(at / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#stacks = 0;
      this.#newTexts = 0;
    }
    const text = ownCopy(cause === undefined ? kind : words(cause), TEXT_MAX);
    const stack = typeof cause === "object" && this.#stacks++ < STACKS_PER_SECOND ? stackOf(cause) : undefined;
    const group = this.#groupOf(kind, text, at);
    if (!group) {
      this.#others++;
      return { text, group: undefined, stack };
    }
    count(group, at);
    if (stack !== undefined || group.example.stack === undefined) group.example = { messageId, text, stack };
    return { text, group: group.id, stack };
  }

  list(now: number): ErrorGroups {
    const groups = [...this.#groups.values()].sort((a, b) => b.count - a.count);
    return { now, groups: groups.map((group) => view(group, now)), others: this.#others };
  }

  #groupOf(kind: ErrorKind, text: string, at: number): Group | undefined {
    const key = `${kind} ${text}`;
    const known = this.#known.get(key);
    if (known) return known;
    if (this.#newTexts++ >= NEW_TEXTS_PER_SECOND) return undefined;
    const error = alike(text);
    const id = idOf(kind, error);
    let group = this.#groups.get(id);
    if (!group) {
      if (this.#groups.size >= GROUPS_MAX) this.#dropOldest();
      const minute = Math.floor(at / MINUTE_MS);
      const example = { messageId: "", text, stack: undefined };
      const minutes = new Uint32Array(MINUTES);
      group = { id, kind, error: shown(error), firstAt: at, count: 0, lastAt: at, minutes, minute, example };
      this.#groups.set(id, group);
    }
    if (this.#known.size >= KNOWN_TEXTS_MAX) this.#known.clear();
    this.#known.set(key, group);
    return group;
  }

  /** The group that was longest not seen: its failures count among the others from now on. */
  #dropOldest(): void {
    let oldest: Group | undefined;
    for (const group of this.#groups.values()) if (!oldest || group.lastAt < oldest.lastAt) oldest = group;
    if (!oldest) return;
    this.#groups.delete(oldest.id);
    this.#others += oldest.count;
    this.#known.clear();
  }
}

/** The same on every worker, so that a fleet's groups can be put together. */
function idOf(kind: ErrorKind, error: string): string {
  return createHash("sha256").update(`${kind} ${error}`).digest("base64url").slice(0, 12);
}

function count(group: Group, at: number): void {
  group.count++;
  group.lastAt = at;
  turnTo(group, at);
  group.minutes[group.minute % MINUTES]!++;
}

/** Makes the minute of `at` the newest one. */
function turnTo(group: Group, at: number): void {
  const minute = Math.floor(at / MINUTE_MS);
  for (let passed = Math.max(group.minute + 1, minute - MINUTES + 1); passed <= minute; passed++) {
    group.minutes[passed % MINUTES] = 0;
  }
  group.minute = Math.max(group.minute, minute);
}

function view(group: Group, now: number): ErrorGroup {
  turnTo(group, now);
  const { id, kind, error, count, firstAt, lastAt, minutes, minute, example } = group;
  const curve = Array.from(minutes, (_, index) => minutes[(minute + 1 + index) % MINUTES]!);
  const { messageId, text, stack } = example;
  const told = { messageId, text: shown(text), ...(stack !== undefined && { stack }) };
  return { id, kind, error, count, firstAt, lastAt, curve, example: told };
}

function stackOf(cause: unknown): string | undefined {
  const { frames } = described(cause, TEXT_MAX);
  return frames && ownCopy(frames, STACK_MAX);
}
