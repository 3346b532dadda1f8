const { min } = Math;

/** When nothing ends. */
const NEVER = Number.POSITIVE_INFINITY;

/** Children of a node: with four, the heap is half as deep as with two and its siblings share a cache line. */
const FANOUT = 4;

/** The agents that run: when each ends, and on which task. A heap that grows as needed; the earliest end is on top. */
export class Completions {
  private times = new Float64Array(1024);
  private tasks = new Int32Array(1024);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** When the first one ends; Infinity when none runs. */
  get nextTime(): number {
    return this.count === 0 ? NEVER : this.times[0]!;
  }

  /** The task on which it runs. */
  get nextTask(): number {
    return this.tasks[0]!;
  }

  add(time: number, task: number): void {
    if (this.count === this.times.length) this.grow();
    let at = this.count++;
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (this.times[parent]! <= time) break;
      this.move(parent, at);
      at = parent;
    }
    this.times[at] = time;
    this.tasks[at] = task;
  }

  /** Takes the first one away. */
  remove(): void {
    this.count--;
    if (this.count > 0) this.sink(this.times[this.count]!, this.tasks[this.count]!);
  }

  /** The first one ended and its slot took the next message: cheaper than `remove` and `add`. */
  replace(time: number, task: number): void {
    this.sink(time, task);
  }

  private sink(time: number, task: number): void {
    const { times, count } = this;
    let at = 0;
    for (;;) {
      const first = at * FANOUT + 1;
      if (first >= count) break;
      const last = min(first + FANOUT, count);
      let least = first;
      for (let child = first + 1; child < last; child++) if (times[child]! < times[least]!) least = child;
      if (times[least]! >= time) break;
      this.move(least, at);
      at = least;
    }
    times[at] = time;
    this.tasks[at] = task;
  }

  private move(from: number, to: number): void {
    this.times[to] = this.times[from]!;
    this.tasks[to] = this.tasks[from]!;
  }

  private grow(): void {
    const times = new Float64Array(this.times.length * 2);
    const tasks = new Int32Array(this.tasks.length * 2);
    times.set(this.times);
    tasks.set(this.tasks);
    this.times = times;
    this.tasks = tasks;
  }
}
