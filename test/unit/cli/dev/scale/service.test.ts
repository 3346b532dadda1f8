import { beforeEach, describe, expect, test } from "@jest/globals";
import { Service, type ServiceEvent, type Task, type TaskState } from "../../../../../src/cli/dev/scale/service.js";

/** A task that does what the test says. */
class PaperTask implements Task {
  state: TaskState = "starting";
  killed = false;

  constructor(
    readonly id: number,
    readonly version: number,
  ) {}

  stop(): void {
    this.state = this.state === "starting" ? "gone" : "draining";
  }

  kill(): void {
    this.killed = true;
    this.state = "gone";
  }
}

describe("The scheduler of processes", () => {
  let tasks: PaperTask[];
  let events: ServiceEvent[];
  let service: Service;
  let now: number;

  beforeEach(() => {
    tasks = [];
    events = [];
    now = 0;
  });

  const start = (desired: number, launchesPerMinute = 6000) => {
    const launch = (id: number, version: number) => {
      const task = new PaperTask(id, version);
      tasks.push(task);
      return task;
    };
    service = new Service(launch, { stopTimeoutSeconds: 120, launchesPerMinute }, desired, (event) =>
      events.push(event),
    );
    tick();
  };
  const tick = (seconds = 1) => {
    now += seconds;
    service.tick(now);
  };
  const run = () => {
    for (const task of tasks) if (task.state === "starting") task.state = "running";
    tick();
  };
  const ids = (state: TaskState) => tasks.filter((task) => task.state === state).map(({ id }) => id);

  test("launches what is desired, and what has died anew", () => {
    start(3);
    run();
    expect(ids("running")).toEqual([1, 2, 3]);
    tasks[1]!.state = "gone";
    tick();
    expect(events.map(({ kind }) => kind)).toContain("died");
    expect(ids("starting")).toEqual([4]);
  });

  test("stops tasks that haven't started first, then running ones, and kills after the stop timeout", () => {
    start(3);
    tasks[0]!.state = "running";
    tasks[2]!.state = "running";
    service.desired = 1;
    tick();
    expect([ids("gone"), ids("draining"), ids("running")]).toEqual([[2], [1], [3]]);
    tick(119);
    expect(tasks[0]!.killed).toBe(false);
    tick(1);
    expect(tasks[0]!.killed).toBe(true);
    tick();
    expect(service.tasks.map(({ id }) => id)).toEqual([3]);
    expect(events.filter(({ kind }) => kind === "died")).toEqual([]);
  });

  test("leaves protected tasks alone as long as they are", () => {
    start(2);
    run();
    service.protect(1, now + 60);
    service.protect(2, now + 30);
    service.desired = 0;
    tick();
    expect(ids("draining")).toEqual([]);
    tick(30);
    expect(ids("draining")).toEqual([2]);
    service.protect(1, 0);
    tick();
    expect(ids("draining")).toEqual([1, 2]);
  });

  test("launches at ECS's pace", () => {
    start(1, 60);
    run();
    service.desired = 20;
    tick();
    const after = tasks.length;
    tick(5);
    expect(tasks.length - after).toBe(5);
  });

  test("deploys with at least as many as desired that run, and at most twice as many at all", () => {
    start(4);
    run();
    service.deploy();
    for (let step = 0; step < 20 && service.deploying; step++) {
      tick();
      const active = service.count("running") + service.count("starting");
      expect(service.count("running")).toBeGreaterThanOrEqual(4);
      expect(active).toBeLessThanOrEqual(8);
      // One at a time.
      const starting = tasks.find(({ state }) => state === "starting");
      if (starting) starting.state = "running";
    }
    expect(service.deploying).toBe(false);
    expect(tasks.filter(({ state }) => state === "running").map(({ version }) => version)).toEqual([2, 2, 2, 2]);
    expect(events.at(-1)).toEqual({ kind: "deployed", version: 2 });
  });

  test("stops everything and launches nothing more", () => {
    start(2);
    tasks[0]!.state = "running";
    service.stopAll(now);
    tick();
    expect([ids("draining"), ids("gone"), tasks.length]).toEqual([[1], [2], 2]);
  });
});
