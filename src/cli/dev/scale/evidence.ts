import type { Telemetry } from "../../../pipeline/ports/telemetry.js";
import { EquationWatch, type Verdict } from "./equation-watch.js";
import type { FleetClock } from "./fleet-clock.js";
import { FleetFacts } from "./fleet-facts.js";
import type { Freezes } from "./freezes.js";
import { Ledger } from "./ledger.js";
import type { Mark } from "./marks.js";
import type { QueueLook } from "./queue-look.js";
import { WaitTimes } from "./wait-times.js";

/** What is counted to prove that nothing is lost, and how long messages waited: made of what was sent, marked and looked at. */
export class Evidence {
  readonly waits = new WaitTimes();
  readonly ledger: Ledger;
  readonly #watch: EquationWatch;
  readonly #facts: FleetFacts;
  readonly #busy = new Map<number, number>();
  /** Of the last look. */
  queue = { visible: 0, inFlight: 0, delayed: 0, dead: 0 };

  constructor(
    private readonly clock: FleetClock,
    freezes: Freezes,
    tell: Telemetry,
  ) {
    this.#facts = new FleetFacts(tell, (n) => this.waits.sentAt(n));
    const second = (wallMs: number) => clock.secondOf(wallMs);
    this.ledger = new Ledger((task, from, until) => freezes.pastLease(task, second(from), second(until)));
    this.#watch = new EquationWatch(this.ledger);
  }

  get verdict(): Verdict {
    return this.#watch.verdict;
  }

  /** Agents that run in a task. */
  busyOf(task: number): number {
    return this.#busy.get(task) ?? 0;
  }

  mark(task: number, mark: Mark): void {
    const started = mark.kind === "started";
    this.#facts.mark(task, mark);
    this.#busy.set(task, this.busyOf(task) + (started ? 1 : -1));
    this.ledger.mark(task, mark);
    if (started) this.waits.started(mark.n, mark.wallMs);
  }

  taskEnded(task: number): void {
    this.#busy.delete(task);
    this.#facts.taskEnded(task);
    this.ledger.overlaps.taskEnded(task, this.clock.wallMs);
  }

  /** @param answered up to which number every message had been answered for when the look began. */
  judge(look: QueueLook, answered: number): void {
    const { visible, inFlight, delayed, dead } = look;
    this.queue = { visible: visible.length, inFlight: inFlight.length, delayed: delayed.length, dead: dead.length };
    this.#watch.judge(look, answered);
    this.ledger.overlaps.forget(this.clock.wallMs);
  }
}
