import { execFile } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import {
  type ContainerRuntimeClient,
  GenericContainer,
  getContainerRuntimeClient,
  type StartedNetwork,
  type WaitStrategy,
} from "testcontainers";
import { LogLines } from "./log-lines.js";

const exec = promisify(execFile);
const BUILD_OUTPUT_MAX = 50_000_000;

/** The worker's image: the one that the test runner has built, else built here from the Dockerfile as it stands. */
export async function workerImage(): Promise<string> {
  if (process.env.QUEUEHAND_IMAGE) return process.env.QUEUEHAND_IMAGE;
  const image = "queuehand:test";
  await exec("docker", ["build", "-q", "-t", image, "."], {
    env: { ...process.env, DOCKER_BUILDKIT: "1" },
    maxBuffer: BUILD_OUTPUT_MAX,
  });
  return image;
}

/** How a container ended. */
export interface ContainerEnd {
  readonly exitCode: number;
  readonly elapsedMs: number;
}

/** Tests wait for facts of their own: a worker that ends at once is no fault of its container. */
const atOnce: WaitStrategy = {
  waitUntilReady: async () => {},
  withStartupTimeout: () => atOnce,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
};

/**
 * Has a container run with what Fargate's strictest settings leave: read-only root, a volume at /tmp, no capability, no
 * new privilege.
 */
class HardenedContainer extends GenericContainer {
  readonly lines = new LogLines();
  /** Resolves when all that the container wrote has been read. */
  readonly read: Promise<void>;

  constructor(image: string) {
    super(image);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.read = promise;
    this.hostConfig = { ...this.hostConfig, ReadonlyRootfs: true };
    this.withDroppedCapabilities("ALL")
      .withTmpFs({ "/tmp": "rw,mode=1777" })
      .withSecurityOpt("no-new-privileges")
      .withAutoRemove(false)
      .withLogConsumer((stream: Readable) => {
        stream.on("data", (piece) => this.lines.write(String(piece))).on("close", resolve);
      })
      .withWaitStrategy(atOnce);
  }
}

type Container = ReturnType<ContainerRuntimeClient["container"]["getById"]>;

export interface WorkerContainerOptions {
  readonly network?: StartedNetwork;
  readonly command?: string[];
  /** Another image than the worker's own. */
  readonly image?: string;
  /** The id of a container whose loopback it shares, as containers of one task do. */
  readonly beside?: string;
}

/** A worker in a container of the built image, read-only and without capabilities. */
export class WorkerContainer {
  /** Starts one, which may end by itself; await `running` to have it polling. */
  static async start(
    environment: Record<string, string>,
    { network, command, image, beside }: WorkerContainerOptions = {},
  ): Promise<WorkerContainer> {
    const container = new HardenedContainer(image ?? (await workerImage())).withEnvironment(environment);
    if (network) container.withNetwork(network);
    if (beside) container.withNetworkMode(`container:${beside}`);
    if (command) container.withCommand(command);
    const started = await container.start();
    const { container: containers } = await getContainerRuntimeClient();
    return new WorkerContainer(containers.getById(started.getId()), container.lines, container.read);
  }

  private constructor(
    private readonly container: Container,
    readonly lines: LogLines,
    private readonly read: Promise<void>,
  ) {}

  /** Resolves once the worker polls its queue. */
  async running(): Promise<void> {
    await this.lines.first(({ fields }) => fields.state === "running");
  }

  /** Resolves with the sample agent's task ids, once `count` of them have started. */
  async started(count: number): Promise<string[]> {
    const seen = new Set<string>();
    await this.lines.first(({ fields }) => {
      if (fields.msg === "task started") seen.add(String(fields.taskId));
      return seen.size >= count;
    });
    return [...seen];
  }

  /** Resolves once the sample agent has done `count` different tasks. */
  async done(count: number): Promise<void> {
    const seen = new Set<unknown>();
    await this.lines.first(({ fields }) => {
      if (fields.msg === "task done") seen.add(fields.taskId);
      return seen.size >= count;
    });
  }

  /** The task ids that the sample agent has done so far, in order, repetitions included. */
  tasksDone(): string[] {
    return this.lines.where(({ fields }) => fields.msg === "task done").map(({ fields }) => String(fields.taskId));
  }

  /** Waits for what the worker is to bring about; rejects with all it wrote if it ends before, or if it doesn't. */
  async bringsAbout(fact: Promise<void>): Promise<void> {
    const ended = this.end().then(({ exitCode }) => Promise.reject(new Error(`the worker ended with ${exitCode}`)));
    ended.catch(() => {}); // it ends some time after the fact, too
    try {
      await Promise.race([fact, ended]);
    } catch (error) {
      throw new Error(`${(error as Error).message}; it wrote:\n${this.lines}`, { cause: error });
    }
  }

  async signal(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): Promise<void> {
    await this.container.kill({ signal });
  }

  /** Waits until the container has ended. */
  async end(): Promise<ContainerEnd> {
    const startedAt = performance.now();
    const { StatusCode } = (await this.container.wait()) as { StatusCode: number };
    const elapsedMs = performance.now() - startedAt;
    await this.read;
    return { exitCode: StatusCode, elapsedMs };
  }

  /** The user that the image names, and whether its root is read-only. */
  async inspect() {
    const { Config, HostConfig } = await this.container.inspect();
    return { user: Config.User, readOnly: HostConfig.ReadonlyRootfs };
  }

  /** Resolves once the image's health check has passed. */
  async healthy(timeoutMs = 30_000): Promise<void> {
    const startedAt = performance.now();
    for (;;) {
      const { State } = await this.container.inspect();
      if (State.Health?.Status === "healthy") return;
      if (performance.now() - startedAt > timeoutMs) throw new Error(`not healthy: ${JSON.stringify(State.Health)}`);
      await sleep(200);
    }
  }

  /** Runs a program beside the worker; resolves with its output. */
  async run(command: string[]): Promise<string> {
    const { stdout } = await exec("docker", ["exec", this.container.id, ...command]);
    return stdout.trim();
  }

  /** Ends and removes it, whatever it does. */
  async remove(): Promise<void> {
    await this.container.remove({ force: true });
  }
}
