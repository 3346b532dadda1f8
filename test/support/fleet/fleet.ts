import { FakeClock, settle } from "../fake-clock.js";
import { MemoryIdempotency } from "../memory-idempotency.js";
import { MemoryQueue } from "../memory-queue.js";
import { randomFrom } from "../random.js";
import type { Climate } from "./climate.js";
import { Ledger } from "./ledger.js";
import { Producer } from "./producer.js";
import type { Remains } from "./remains.js";
import type { FleetEvent, Scheduled } from "./schedule.js";
import { Task } from "./task.js";
import { TaskRecord } from "./task-record.js";
import { Witness } from "./witness.js";
import { Work } from "./work.js";

const ID_OFFSET = 5_000_000;
/** AWS wanted a Spot task away so long after it was told. */
const SPOT_SECONDS = 120;
/** After its last event a fleet is left alone for so long at most: eight tries of a FIFO head and of its followers. */
const CALM_SECONDS = 7_200;
const CALM_STEP_SECONDS = 10;
/** Where nothing but messages that fail are left, nobody can tell them from an outage: so often some come that don't. */
const HEALTHY_EVERY_STEPS = 12;
const HEALTHY_MESSAGES = 6;
/** Longer than every task's budget. */
const STOP_SECONDS = 150;

/** Several whole workers on one queue and one clock, from the first start to the last exit. */
export class Fleet {
  readonly #climate: Climate;
  readonly #clock = new FakeClock();
  readonly #random: () => number;
  readonly #queue: MemoryQueue;
  readonly #ledger = new Ledger(this.#clock);
  readonly #witness: Witness;
  readonly #work: Work;
  readonly #producer: Producer;
  readonly #table: MemoryIdempotency | undefined;
  readonly #tasks: Task[] = [];
  /** What an earlier event brings about, by its time on the clock. */
  readonly #due: { readonly at: number; readonly act: () => void | Promise<void> }[] = [];
  readonly #startedAt = this.#clock.monotonic();

  constructor(climate: Climate) {
    const { seed, fifo, visibilitySeconds: visibilityTimeoutSeconds, maxReceiveCount } = climate;
    this.#climate = climate;
    this.#random = randomFrom(seed + ID_OFFSET);
    this.#queue = new MemoryQueue({
      clock: this.#clock,
      fifo,
      visibilityTimeoutSeconds,
      maxReceiveCount,
      tellsMaxReceiveCount: true,
      random: randomFrom(seed + 2 * ID_OFFSET),
    });
    const acts = (name: string) => this.#tasks.some(({ acts, record }) => acts && record.name === name);
    this.#witness = new Witness(this.#queue, this.#clock, this.#ledger, acts);
    this.#work = new Work(climate.agents, seed);
    this.#producer = new Producer(climate, this.#queue, this.#ledger, this.#work);
    this.#table = climate.keys ? new MemoryIdempotency() : undefined;
  }

  /** Lives through a schedule; then the rest of the queue is worked off, and all are stopped. */
  async live(schedule: readonly Scheduled[]): Promise<Remains> {
    const { random } = Math;
    // The workers' jitter, so that a seed decides everything.
    Math.random = this.#random;
    try {
      for (let task = 0; task < this.#climate.tasks; task++) this.#start();
      for (const { at, event } of schedule) {
        await this.#until(at);
        await this.#happen(event);
      }
      await this.#calm();
      for (const task of this.#tasks) if (task.wanted) task.stop();
      await this.#until(this.#now + STOP_SECONDS);
    } finally {
      Math.random = random;
    }
    return {
      climate: this.#climate,
      queue: this.#queue,
      ledger: this.#ledger,
      tasks: this.#tasks.map(({ record }) => record),
      witnessed: this.#witness.violations(),
      startedAt: this.#startedAt,
    };
  }

  /** Seconds since the start. */
  get #now(): number {
    return (this.#clock.monotonic() - this.#startedAt) / 1000;
  }

  async #until(second: number): Promise<void> {
    for (;;) {
      const next = this.#due[0];
      if (!next || next.at > second) break;
      this.#due.shift();
      await this.#clock.advance(Math.max(0, (next.at - this.#now) * 1000));
      await next.act();
    }
    await this.#clock.advance(Math.max(0, (second - this.#now) * 1000));
    await settle();
  }

  #later(seconds: number, act: () => void | Promise<void>): void {
    this.#due.push({ at: this.#now + seconds, act });
    this.#due.sort((a, b) => a.at - b.at);
  }

  async #calm(): Promise<void> {
    const end = this.#now + CALM_SECONDS;
    for (let step = 1; this.#now < end && (this.#queue.ids().length > 0 || this.#due.length > 0); step++) {
      if (!this.#tasks.some(({ wanted }) => wanted)) this.#start();
      if (step % HEALTHY_EVERY_STEPS === 0) this.#producer.sendHealthy(HEALTHY_MESSAGES);
      await this.#until(this.#now + CALM_STEP_SECONDS);
    }
  }

  async #happen(event: FleetEvent): Promise<void> {
    switch (event.kind) {
      case "send":
        return this.#producer.send(event.count);
      case "start":
        return this.#start();
      case "stop":
        return this.#stop(this.#tasks.find(({ wanted }) => wanted));
      case "spot": {
        const task = this.#any(({ wanted }) => wanted);
        this.#later(SPOT_SECONDS, () => task?.kill());
        return this.#stop(task);
      }
      case "kill":
        this.#any(({ gone }) => !gone)?.kill();
        return this.#start();
      case "freeze": {
        const task = this.#any(({ acts }) => acts);
        if (!task) return;
        const first = this.#random() < 0.5 ? "timer" : "answer";
        task.freeze();
        return this.#later(event.seconds, () => task.thaw(first));
      }
      case "show":
        return this.#show();
      case "twice":
        return this.#queue.failNext("receive", "duplicate");
    }
  }

  #start(): void {
    const { slots, shutdownSeconds, visibilitySeconds } = this.#climate;
    const record = new TaskRecord(
      `task-${this.#tasks.length + 1}`,
      slots,
      shutdownSeconds * 1000,
      visibilitySeconds,
      this.#ledger,
      this.#clock,
    );
    const task = new Task({
      climate: this.#climate,
      queue: this.#queue,
      clock: this.#clock,
      record,
      witness: this.#witness,
      work: this.#work,
      since: this.#startedAt,
      table: this.#table,
      random: this.#random,
    });
    this.#tasks.push(task);
    this.#ledger.tellOfTask(`${record.name} starts`);
    task.start();
  }

  #stop(task: Task | undefined): void {
    if (!task) return;
    if (this.#tasks.filter(({ wanted }) => wanted).length === 1) this.#start();
    task.stop();
  }

  #show(): void {
    const held = this.#tasks.filter(({ acts }) => acts).flatMap(({ record }) => record.open());
    const one = held[Math.floor(this.#random() * held.length)];
    if (!one) return;
    this.#ledger.show(one.message.id);
    this.#queue.show(one.message.id);
  }

  #any(is: (task: Task) => boolean): Task | undefined {
    const those = this.#tasks.filter(is);
    return those[Math.floor(this.#random() * those.length)];
  }
}
