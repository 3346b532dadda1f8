/** `starting` until its worker runs, `draining` from its SIGTERM on; it costs money until it is `gone`. */
export type TaskState = "starting" | "running" | "draining" | "gone";

/** One task, as the scheduler handles it. */
export interface Task {
  readonly id: number;
  readonly version: number;
  /** `gone` as soon as its process has ended, whatever ended it. */
  readonly state: TaskState;
  /** Told to stop: SIGTERM, or the end of a start that is under way. */
  stop(): void;
  /** SIGKILL. */
  kill(): void;
}

/** Launches a task; it is `starting` from then on. */
export type Launch = (id: number, version: number) => Task;

export interface ServiceOptions {
  /** From a task's SIGTERM to its SIGKILL, seconds: the container's stopTimeout. */
  readonly stopTimeoutSeconds: number;
  /** Tasks that may be launched in a minute. */
  readonly launchesPerMinute: number;
}

/** What the scheduler did or saw. */
export type ServiceEvent =
  | { readonly kind: "launched" | "running" | "stopping" | "ended" | "killed" | "died"; readonly task: Task }
  | { readonly kind: "deployed"; readonly version: number };

/**
 * ECS's scheduler for one service of processes. Keeps as many tasks as are desired: launches those that lack, also for
 * those that died; stops those beyond, the ones that haven't started first, protected ones never. A deployment replaces
 * tasks of an older version with at least 100 % and at most 200 % of the desired ones at any moment.
 */
export class Service {
  desired: number;
  #version = 1;
  #launched = 0;
  #tokens: number;
  #ticked: number | undefined;
  #deploying = false;
  readonly #tasks = new Map<number, Task>();
  readonly #seen = new Map<number, TaskState>();
  readonly #stopping = new Map<number, { readonly since: number; killed: boolean }>();
  readonly #protectedUntil = new Map<number, number>();

  constructor(
    private readonly launch: Launch,
    private readonly options: ServiceOptions,
    desired: number,
    private readonly tell: (event: ServiceEvent) => void = () => {},
  ) {
    this.desired = desired;
    this.#tokens = desired + 1;
  }

  /** Those that aren't gone, the oldest first. */
  get tasks(): readonly Task[] {
    return [...this.#tasks.values()];
  }

  get version(): number {
    return this.#version;
  }

  get deploying(): boolean {
    return this.#deploying;
  }

  count(state: TaskState): number {
    return this.tasks.filter((task) => task.state === state).length;
  }

  /** From now on tasks are of the next version, and older ones are replaced. */
  deploy(): number {
    this.#deploying = true;
    return ++this.#version;
  }

  /** The task isn't stopped for scale-in or a deployment until then; `until` in seconds, as `tick` counts them. */
  protect(id: number, until: number): void {
    this.#protectedUntil.set(id, until);
  }

  isProtected(id: number, now: number): boolean {
    return (this.#protectedUntil.get(id) ?? 0) > now;
  }

  /** Looks, and does what there is to do. @param now seconds, never running backwards. */
  tick(now: number): void {
    const elapsed = now - (this.#ticked ?? now);
    this.#ticked = now;
    const pace = this.options.launchesPerMinute / 60;
    this.#tokens = Math.min(this.#tokens + pace * elapsed, Math.max(1, pace) + Math.max(1, this.desired));
    this.#look();
    this.#killOverdue(now);
    const active = this.#active();
    const current = active.filter(({ version }) => version === this.#version);
    const old = active.filter(({ version }) => version !== this.#version);
    if (old.length > 0) this.#roll(current, old, now);
    else {
      this.#endDeployment(current);
      this.#stopSome(current, current.length - this.desired, now);
    }
    const lacking = Math.min(this.desired - current.length, this.#most() - active.length);
    for (let i = 0; i < lacking && this.#tokens >= 1; i++) this.#launchOne();
  }

  /** Stops everything, as a service that is deleted. */
  stopAll(now: number): void {
    this.desired = 0;
    for (const task of this.#active()) this.#stop(task, now);
  }

  #active(): Task[] {
    return this.tasks.filter(({ state }) => state === "starting" || state === "running");
  }

  /** Of a deployment: twice as many as desired at most. */
  #most(): number {
    return Math.max(1, this.desired) * 2;
  }

  #roll(current: readonly Task[], old: readonly Task[], now: number): void {
    const starting = old.filter(({ state }) => state === "starting");
    for (const task of starting) this.#stop(task, now);
    const running = [...current, ...old].filter(({ state }) => state === "running").length;
    this.#stopSome(
      old.filter(({ state }) => state === "running"),
      running - this.desired,
      now,
    );
  }

  #endDeployment(current: readonly Task[]): void {
    const running = current.filter(({ state }) => state === "running").length;
    if (!this.#deploying || running < this.desired) return;
    this.#deploying = false;
    this.tell({ kind: "deployed", version: this.#version });
  }

  #stopSome(tasks: readonly Task[], surplus: number, now: number): void {
    const startingFirst = [...tasks].sort((a, b) => Number(b.state === "starting") - Number(a.state === "starting"));
    let left = surplus;
    for (const task of startingFirst) {
      if (left <= 0) return;
      if (this.isProtected(task.id, now)) continue;
      this.#stop(task, now);
      left--;
    }
  }

  #stop(task: Task, now: number): void {
    this.#stopping.set(task.id, { since: now, killed: false });
    this.tell({ kind: "stopping", task });
    task.stop();
  }

  #launchOne(): void {
    this.#tokens--;
    const task = this.launch(++this.#launched, this.#version);
    this.#tasks.set(task.id, task);
    this.#seen.set(task.id, task.state);
    this.tell({ kind: "launched", task });
  }

  #killOverdue(now: number): void {
    for (const [id, stop] of this.#stopping) {
      if (stop.killed || now - stop.since < this.options.stopTimeoutSeconds) continue;
      stop.killed = true;
      const task = this.#tasks.get(id)!;
      this.tell({ kind: "killed", task });
      task.kill();
    }
  }

  /** What became of the tasks since the last look. */
  #look(): void {
    for (const task of this.tasks) {
      const before = this.#seen.get(task.id);
      if (before === task.state) continue;
      this.#seen.set(task.id, task.state);
      if (task.state === "running") this.tell({ kind: "running", task });
      if (task.state !== "gone") continue;
      this.tell({ kind: this.#stopping.has(task.id) ? "ended" : "died", task });
      for (const map of [this.#tasks, this.#seen, this.#stopping, this.#protectedUntil]) map.delete(task.id);
    }
  }
}
