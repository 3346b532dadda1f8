import type { Clock } from "../../../src/pipeline/ports/clock.js";
import type { Ledger, MessageRecord, Receipt, ReceiptEnd, Run, RunEnd } from "./ledger.js";

interface Held {
  readonly message: MessageRecord;
  readonly receipt: Receipt;
}

/** What one task did and what was done to it, written into the ledger of its fleet. */
export class TaskRecord {
  readonly held: Held[] = [];
  readonly freezes: { readonly from: number; to: number }[] = [];
  stoppedAt: number | undefined;
  exitedAt: number | undefined;
  /** Ids of what it left hidden when it exited, though it isn't to wait. */
  readonly leftHidden: string[] = [];
  killedAt: number | undefined;

  constructor(
    readonly name: string,
    readonly slots: number,
    readonly budgetMs: number,
    private readonly visibilitySeconds: number,
    private readonly ledger: Ledger,
    private readonly clock: Clock,
  ) {}

  received(id: string, count: number): Receipt {
    const message = this.ledger.of(id);
    const receipt: Receipt = { task: this.name, count, at: this.clock.monotonic(), seen: false, runs: [] };
    message.receipts[count - 1] = receipt;
    this.held.push({ message, receipt });
    this.#tell(id, `receive ${count}${this.#state()}`);
    return receipt;
  }

  saw(id: string, count: number): void {
    this.#receipt(id, count).seen = true;
  }

  /** The receive that a run of the message would be for: the latest that this task knows of. */
  latest(id: string): Receipt {
    const known = this.held.findLast(({ message, receipt }) => message.id === id && receipt.seen);
    if (!known) throw new Error(`${this.name} never received ${id}`);
    return known.receipt;
  }

  started(id: string): Run {
    const run: Run = { task: this.name, startedAt: this.clock.monotonic() };
    this.latest(id).runs.push(run);
    this.#tell(id, "starts");
    return run;
  }

  ended(id: string, run: Run, end: RunEnd): void {
    if (run.end) return;
    run.end = end;
    run.endedAt = this.clock.monotonic();
    this.#tell(id, `ends: ${end}`);
  }

  deleted(id: string, count: number): void {
    this.#over(this.#receipt(id, count), "deleted");
    this.#tell(id, "deletes");
  }

  hidden(id: string, count: number, seconds: number): void {
    // What waits or runs is kept hidden by whole visibility timeouts.
    const extended = seconds === this.visibilitySeconds;
    if (!extended) this.#over(this.#receipt(id, count), seconds === 0 ? "given back" : "hidden");
    this.#tell(id, extended ? "keeps it hidden" : seconds === 0 ? "gives back" : `hides for ${seconds} s`);
  }

  copied(id: string, count: number, reason: string): void {
    this.#tell(id, `copies receive ${count} to the dead letters: ${reason}`);
  }

  stopped(): void {
    this.stoppedAt ??= this.clock.monotonic();
    this.ledger.tellOfTask(`${this.name} is stopped`);
    this.#tellOpen("is stopped");
  }

  /** @param hides whether a message is hidden by this receive of it. */
  exited(exitCode: number, hides: (id: string, count: number) => boolean): void {
    this.exitedAt = this.clock.monotonic();
    this.ledger.tellOfTask(`${this.name} exits with ${exitCode}`);
    this.#endRuns("aborted");
    for (const { message, receipt } of this.held) {
      const { over, seen, runs, count } = receipt;
      const end = (runs.at(-1) ?? this.#runThatWentOn(message, receipt))?.end;
      // What failed or was deferred waits, what an agent has ended is on its way out, and the rest it doesn't know of.
      const waits = over?.how === "hidden" || (end !== undefined && end !== "aborted");
      const unknown = !seen || receipt.ofUnknownAge || over?.how === "frozen" || over?.how === "shown";
      if (!waits && !unknown && hides(message.id, count)) this.leftHidden.push(message.id);
    }
  }

  killed(): void {
    this.#tellOpen("is killed");
    this.killedAt = this.clock.monotonic();
    this.ledger.tellOfTask(`${this.name} is killed`);
    this.#endRuns("killed");
    const freeze = this.freezes.at(-1);
    const since = freeze?.to === Number.POSITIVE_INFINITY ? freeze.from : this.killedAt;
    for (const { receipt } of this.#heldUntil(since)) this.#over(receipt, "killed");
  }

  frozen(): void {
    this.freezes.push({ from: this.clock.monotonic(), to: Number.POSITIVE_INFINITY });
    this.ledger.tellOfTask(`${this.name} freezes`);
    this.#tellOpen("freezes");
  }

  /** @param lost whether a message's lease has ended meanwhile, or is about to. */
  thawed(lost: (id: string, count: number) => boolean): void {
    const freeze = this.freezes.at(-1)!;
    freeze.to = this.clock.monotonic();
    this.ledger.tellOfTask(`${this.name} thaws`);
    this.#tellOpen("thaws");
    for (const { message, receipt } of this.#heldUntil(freeze.from)) {
      if (lost(message.id, receipt.count)) this.#over(receipt, "frozen");
      else if (receipt.at >= freeze.from) receipt.ofUnknownAge = true;
    }
  }

  /** What it received and has neither given back nor lost. */
  open(): Held[] {
    return this.held.filter(({ message, receipt }) => !receipt.over && message.receipts.length === receipt.count);
  }

  /** It was killed, or frozen, after `at`. */
  struckAfter(at: number): boolean {
    return (this.killedAt ?? 0) >= at || this.freezes.some(({ to }) => to >= at);
  }

  /** What it held at a time, or came to hold since. */
  #heldUntil(at: number): Held[] {
    return this.held.filter(({ message, receipt: { over, count } }) => {
      const next = message.receipts[count];
      return !over && (!next || next.at >= at);
    });
  }

  /** Of a message that was received again while its agent ran here: that run. */
  #runThatWentOn({ receipts }: MessageRecord, { at }: Receipt): Run | undefined {
    const earlier = receipts.filter(({ task, at: before }) => task === this.name && before < at);
    return earlier.flatMap(({ runs }) => runs).find(({ endedAt = at }) => endedAt >= at);
  }

  #receipt(id: string, count: number): Receipt {
    const receipt = this.ledger.of(id).receipts[count - 1];
    if (!receipt) throw new Error(`${id} was never received for the time ${count}`);
    return receipt;
  }

  #state(): string {
    if (this.killedAt !== undefined || this.exitedAt !== undefined) return ", which nobody hears";
    if (this.freezes.at(-1)?.to === Number.POSITIVE_INFINITY) return ", frozen";
    return this.stoppedAt === undefined ? "" : ", being stopped";
  }

  #over(receipt: Receipt, how: ReceiptEnd): void {
    receipt.over ??= { how, at: this.clock.monotonic() };
  }

  #endRuns(end: RunEnd): void {
    for (const { message, receipt } of this.held) {
      for (const run of receipt.runs) if (run.task === this.name) this.ended(message.id, run, end);
    }
  }

  #tell(id: string, text: string): void {
    this.ledger.tell(id, `${this.name} ${text}`);
  }

  /** To every message that it believes to hold. */
  #tellOpen(text: string): void {
    const believed = this.held.filter(({ receipt }) => !receipt.over).map(({ message }) => message.id);
    for (const id of new Set(believed)) this.#tell(id, text);
  }
}
