import type { ECSClient } from "@aws-sdk/client-ecs";
import type { Fleet, FleetSize } from "../../pipeline/ports/metrics.js";
import type { Telemetry } from "../../pipeline/ports/telemetry.js";
import { type SdkTarget, sdkOptions } from "../wire/sdk-options.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** What ECS tells a task of itself. */
export interface EcsTask {
  /** Name or ARN. */
  readonly cluster: string;
  /** Undefined for a task of no service, and where the endpoint doesn't tell: before agent 1.63, on emulators. */
  readonly serviceName: string | undefined;
  readonly taskArn: string;
  /** Its task definition, `family:revision`. */
  readonly definition: string | undefined;
  readonly availabilityZone: string | undefined;
  /** Limits of the whole task; undefined where none are set. */
  readonly vcpus: number | undefined;
  readonly memoryMiB: number | undefined;
}

const METADATA_TIMEOUT_MS = 2_000;

/** The task that this process runs in, by the metadata endpoint; undefined outside ECS. Rejects if that doesn't answer. */
export async function readEcsTask(env: Environment, signal?: AbortSignal): Promise<EcsTask | undefined> {
  const uri = env.ECS_CONTAINER_METADATA_URI_V4;
  if (!uri) return undefined;
  const timeout = AbortSignal.timeout(METADATA_TIMEOUT_MS);
  const response = await fetch(`${uri}/task`, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  if (!response.ok) throw new Error(`the task metadata endpoint answered ${response.status}`);
  const told = (await response.json()) as {
    Cluster?: string;
    ServiceName?: string;
    TaskARN?: string;
    Family?: string;
    Revision?: string;
    AvailabilityZone?: string;
    Limits?: { CPU?: number; Memory?: number };
  };
  if (!told.Cluster || !told.TaskARN) throw new Error("the task metadata names no cluster or no task");
  return {
    cluster: told.Cluster,
    serviceName: told.ServiceName || undefined,
    taskArn: told.TaskARN,
    definition: told.Family && told.Revision ? `${told.Family}:${told.Revision}` : undefined,
    availabilityZone: told.AvailabilityZone,
    vcpus: told.Limits?.CPU,
    memoryMiB: told.Limits?.Memory,
  };
}

/** A region that is unset is that of the task's ARN. */
export interface EcsFleetOptions extends SdkTarget {
  readonly env?: Environment;
  /** Services that work on the queue, the own one included, each with as many tasks: FLEET_SERVICES. 1 if unset. */
  readonly services?: number;
  /** Told once that the role may not ask. */
  readonly telemetry?: Telemetry | undefined;
}

interface OwnService {
  readonly cluster: string;
  readonly service: string;
}

/** A role that may not ask won't be allowed to by the next interval. */
const DENIED_PAUSE_MS = 900_000;
const PATIENCE = { attempts: 1, connectTimeoutMs: 1_000, requestTimeoutMs: 2_000 };

/**
 * How many tasks the own service wants and runs, by DescribeServices: one attempt a question. Undefined outside ECS,
 * for a task without a service, and where the role may not ask, which is told once and tried again rarely.
 */
export class EcsFleet implements FleetSize {
  readonly #options: EcsFleetOptions;
  #own: Promise<OwnService | undefined> | undefined;
  #client: ECSClient | undefined;
  #deniedUntil = 0;
  #toldDenied = false;

  constructor(options: EcsFleetOptions = {}) {
    this.#options = options;
  }

  async read(signal: AbortSignal): Promise<Fleet | undefined> {
    if (performance.now() < this.#deniedUntil) return undefined;
    try {
      this.#own ??= this.#findOwn(signal);
      const own = await this.#own;
      if (!own) return undefined;
      const { DescribeServicesCommand } = await import("@aws-sdk/client-ecs");
      const command = new DescribeServicesCommand({ cluster: own.cluster, services: [own.service] });
      const { services } = await this.#client!.send(command, { abortSignal: signal });
      const service = services?.[0];
      if (service?.desiredCount === undefined) return undefined;
      const { services: alike = 1 } = this.#options;
      const { desiredCount, runningCount = desiredCount } = service;
      return { desired: desiredCount * alike, running: runningCount * alike };
    } catch (error) {
      // What failed is asked for again the next time.
      if (
        await this.#own?.then(
          () => false,
          () => true,
        )
      )
        this.#own = undefined;
      if (!/AccessDenied/.test((error as Error).name)) throw error;
      this.#denied(error);
      return undefined;
    }
  }

  /** Closes the sockets. Harmless twice, and before the first question. */
  close(): void {
    this.#client?.destroy();
  }

  async #findOwn(signal: AbortSignal): Promise<OwnService | undefined> {
    const task = await readEcsTask(this.#options.env ?? process.env, signal);
    if (!task) return undefined;
    const { cluster, taskArn } = task;
    const { DescribeTasksCommand } = await import("@aws-sdk/client-ecs");
    this.#client ??= await makeClient(this.#options, task);
    if (task.serviceName) return { cluster, service: task.serviceName };
    const command = new DescribeTasksCommand({ cluster, tasks: [taskArn] });
    const { tasks } = await this.#client.send(command, { abortSignal: signal });
    const service = /^service:(.+)$/.exec(tasks?.[0]?.group ?? "")?.[1];
    return service === undefined ? undefined : { cluster, service };
  }

  #denied(error: unknown): void {
    this.#deniedUntil = performance.now() + DENIED_PAUSE_MS;
    if (this.#toldDenied) return;
    this.#toldDenied = true;
    this.#options.telemetry?.({
      kind: "warning",
      text: "the role may not ask ECS for the service's tasks: the fleet's size is estimated from the messages in flight",
      error,
    });
  }
}

async function makeClient(options: EcsFleetOptions, { taskArn }: EcsTask): Promise<ECSClient> {
  const { ECSClient } = await import("@aws-sdk/client-ecs");
  const region = options.region ?? (taskArn.split(":")[3] || undefined);
  return new ECSClient(await sdkOptions({ ...options, region }, PATIENCE));
}
