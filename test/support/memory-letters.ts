import type { Letter } from "../../src/aws/sqs/letter.js";
import type { LetterQueue } from "../../src/letters/letter-queue.js";
import type { EntryResult, MessageAttribute } from "../../src/pipeline/ports/queue.js";
import { deadLetterMarks } from "../../src/pipeline/settle/dead-letter-marks.js";

export interface LetterOptions {
  readonly id?: string;
  readonly body?: string;
  readonly reason?: string;
  readonly originalId?: string;
  readonly sentAt?: number;
  readonly groupId?: string;
  readonly sourceArn?: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
}

let made = 0;

/** A dead letter as a receive brings it. */
export function letter(options: LetterOptions = {}): Letter {
  const { id = `letter-${++made}`, body = "{}", reason, sourceArn } = options;
  const attributes = new Map<string, MessageAttribute>(Object.entries(options.attributes ?? {}));
  if (reason !== undefined) attributes.set("QueuehandReason", { type: "String", string: reason });
  if (options.originalId) attributes.set("QueuehandMessageId", { type: "String", string: options.originalId });
  const { sentAt = Date.now() - 60_000, groupId } = options;
  return {
    message: {
      id,
      handle: `${id}#0`,
      body,
      attributes,
      receiveCount: 1,
      sentAt,
      intact: true,
      ...(groupId !== undefined && { groupId }),
    },
    way: reason !== undefined ? "rejected" : sourceArn !== undefined ? "receives" : "sent",
    reason,
    originalId: deadLetterMarks(attributes).messageId ?? id,
    receivesBefore: undefined,
    sourceArn,
  };
}

type Operation = "receive" | "release" | "delete" | "sendBack";

/** A dead-letter queue in memory, and where its letters are sent back to. What is hidden stays so until it is released. */
export class MemoryLetters implements LetterQueue {
  readonly arrived: { readonly originalId: string; readonly body: string; readonly groupId: string | undefined }[] = [];
  /** The names of the attributes of each that arrived. */
  readonly attributes: string[][] = [];
  readonly calls: Operation[] = [];
  /** Called before and after each call takes effect; what it throws is what the call throws. */
  onCall: ((operation: Operation, phase: "before" | "after") => void) | undefined;
  /** Answers to entries of a send that don't succeed, by letter id. */
  readonly refused = new Map<string, EntryResult>();
  readonly #letters = new Map<string, Letter>();
  readonly #hidden = new Set<string>();
  #handles = 0;

  constructor(
    letters: readonly Letter[] = [],
    readonly fifo = false,
  ) {
    for (const letter of letters) this.add(letter);
  }

  add(letter: Letter): void {
    this.#letters.set(letter.message.id, letter);
  }

  ids(): string[] {
    return [...this.#letters.keys()];
  }

  get hidden(): number {
    return this.#hidden.size;
  }

  /** Time passes: what was hidden is visible again. */
  showAll(): void {
    this.#hidden.clear();
  }

  receive(): Promise<Letter[]> {
    return this.#make("receive", () => {
      const taken: Letter[] = [];
      const locked = new Set<string>();
      if (this.fifo) {
        for (const id of this.#hidden) locked.add(this.#letters.get(id)!.message.groupId ?? "");
      }
      for (const [id, letter] of this.#letters) {
        if (taken.length === 10) break;
        if (this.#hidden.has(id) || locked.has(letter.message.groupId ?? "")) continue;
        const fresh = { ...letter, message: { ...letter.message, handle: `${id}#${++this.#handles}` } };
        this.#letters.set(id, fresh);
        taken.push(fresh);
      }
      for (const { message } of taken) this.#hidden.add(message.id);
      return taken;
    });
  }

  release(handles: readonly string[]): Promise<EntryResult[]> {
    return this.#make("release", () => this.#each(handles, (id) => this.#hidden.delete(id)));
  }

  delete(handles: readonly string[]): Promise<EntryResult[]> {
    return this.#make("delete", () =>
      this.#each(handles, (id) => {
        this.#hidden.delete(id);
        this.#letters.delete(id);
      }),
    );
  }

  sendBack(letters: readonly { readonly letter: Letter; readonly body: string }[]): Promise<EntryResult[]> {
    return this.#make("sendBack", () =>
      letters.map(({ letter: { message, originalId }, body }) => {
        const refused = this.refused.get(message.id);
        if (refused) return refused;
        this.arrived.push({ originalId, body, groupId: message.groupId });
        this.attributes.push([...message.attributes.keys()]);
        return { ok: true };
      }),
    );
  }

  #each(handles: readonly string[], apply: (id: string) => void): EntryResult[] {
    if (handles.length === 0 || handles.length > 10) throw new RangeError(`between 1 and 10, got ${handles.length}`);
    return handles.map((handle) => {
      const id = handle.replace(/#\d+$/, "");
      if (this.#letters.get(id)?.message.handle === handle) apply(id);
      return { ok: true };
    });
  }

  async #make<Answer>(operation: Operation, apply: () => Answer): Promise<Answer> {
    this.calls.push(operation);
    await new Promise(setImmediate);
    this.onCall?.(operation, "before");
    const answer = apply();
    this.onCall?.(operation, "after");
    return answer;
  }
}
