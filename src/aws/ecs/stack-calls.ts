import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from "@aws-sdk/client-application-auto-scaling";
import {
  type ContainerDefinition,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  type Service,
} from "@aws-sdk/client-ecs";
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ServiceQuotasClient,
} from "@aws-sdk/client-service-quotas";
import { PATIENCE } from "../wire/answer.js";
import { type SdkOptions, sdkOptions } from "../wire/sdk-options.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** A service of ECS by its name. */
export interface ServiceName {
  readonly cluster: string;
  readonly service: string;
}

/** A quota by its codes in Service Quotas. */
export interface QuotaCode {
  readonly service: string;
  readonly quota: string;
}

/** The worker's container in a task definition. */
export interface WorkerContainer {
  readonly name: string;
  /** Undefined where the definition says nothing. */
  readonly stopTimeoutSeconds: number | undefined;
  /** Environment that the definition sets, by name. */
  readonly environment: Environment;
  /** Of the whole task; undefined where none are set. */
  readonly vcpus: number | undefined;
}

/** How many tasks a service may have. */
export interface ServiceSize {
  readonly desired: number;
  /** Undefined where nothing scales it. */
  readonly ceiling: number | undefined;
  /** Tasks that are on demand first, and the share of the others that is Spot. */
  readonly onDemandBase: number;
  readonly spotShare: number;
}

/** CPU units of a vCPU. */
const UNITS_PER_VCPU = 1_024;
/** The variable by which a worker's container is known among its neighbours. */
const WORKERS_VARIABLE = "SQS_QUEUE_URL";

/** The calls by which the stack around a worker is read. Each rejects when it found nothing. They change nothing. */
export class StackCalls {
  readonly #ecs: ECSClient;
  readonly #scaling: ApplicationAutoScalingClient;
  readonly #quotas: ServiceQuotasClient;

  private constructor(config: SdkOptions) {
    this.#ecs = new ECSClient(config);
    this.#scaling = new ApplicationAutoScalingClient(config);
    this.#quotas = new ServiceQuotasClient(config);
  }

  static async open(region: string | undefined): Promise<StackCalls> {
    return new StackCalls(await sdkOptions({ region }, PATIENCE));
  }

  async service({ cluster, service }: ServiceName, abortSignal: AbortSignal): Promise<Service> {
    const command = new DescribeServicesCommand({ cluster, services: [service] });
    const found = (await this.#ecs.send(command, { abortSignal })).services?.[0];
    if (!found) throw new Error(`there is no service ${service} in cluster ${cluster}`);
    return found;
  }

  /** @param name of the container; unset: the one that polls a queue, else the first essential one. */
  async container(
    taskDefinition: string | undefined,
    name: string | undefined,
    abortSignal: AbortSignal,
  ): Promise<WorkerContainer> {
    if (taskDefinition === undefined) throw new Error("its task definition isn't known");
    const command = new DescribeTaskDefinitionCommand({ taskDefinition });
    const definition = (await this.#ecs.send(command, { abortSignal })).taskDefinition;
    const containers = definition?.containerDefinitions ?? [];
    const polls = (container: ContainerDefinition) => environmentOf(container)[WORKERS_VARIABLE] !== undefined;
    const found =
      containers.find((container) => container.name === name) ??
      containers.find(polls) ??
      containers.find(({ essential }) => essential !== false);
    if (!found) throw new Error(`${taskDefinition} has no container`);
    return {
      name: found.name ?? "unnamed",
      stopTimeoutSeconds: found.stopTimeout,
      environment: environmentOf(found),
      vcpus: definition?.cpu === undefined ? undefined : Number(definition.cpu) / UNITS_PER_VCPU,
    };
  }

  async size(name: ServiceName, service: Service, abortSignal: AbortSignal): Promise<ServiceSize> {
    // The cluster may have been named by its ARN.
    const ResourceIds = [`service/${name.cluster.split("/").at(-1)}/${service.serviceName ?? name.service}`];
    const command = new DescribeScalableTargetsCommand({ ServiceNamespace: "ecs", ResourceIds });
    const { ScalableTargets = [] } = await this.#scaling.send(command, { abortSignal });
    const strategy = service.capacityProviderStrategy ?? [];
    const weights = (spot: boolean) =>
      strategy
        .filter(({ capacityProvider }) => (capacityProvider === "FARGATE_SPOT") === spot)
        .reduce((sum, { weight = 0 }) => sum + weight, 0);
    return {
      desired: service.desiredCount ?? 0,
      ceiling: ScalableTargets[0]?.MaxCapacity,
      onDemandBase: strategy.find(({ capacityProvider }) => capacityProvider === "FARGATE")?.base ?? 0,
      spotShare: weights(true) / Math.max(1, weights(true) + weights(false)),
    };
  }

  /** The account's own values; AWS's default where it has none. */
  async quotas(
    codes: Readonly<Record<string, QuotaCode>>,
    abortSignal: AbortSignal,
  ): Promise<Readonly<Record<string, number>>> {
    const values = Object.entries(codes).map(async ([name, { service, quota }]) => {
      const asked = { ServiceCode: service, QuotaCode: quota };
      const { Quota } = await this.#quotas
        .send(new GetServiceQuotaCommand(asked), { abortSignal })
        .catch((error: Error) => {
          if (!/NoSuchResource/.test(error.name)) throw error;
          return this.#quotas.send(new GetAWSDefaultServiceQuotaCommand(asked), { abortSignal });
        });
      if (Quota?.Value === undefined) throw new Error(`Service Quotas knows no ${service} ${quota}`);
      return [name, Quota.Value] as const;
    });
    return Object.fromEntries(await Promise.all(values));
  }

  close(): void {
    for (const client of [this.#ecs, this.#scaling, this.#quotas]) client.destroy();
  }
}

function environmentOf({ environment = [] }: ContainerDefinition): Environment {
  return Object.fromEntries(environment.map(({ name = "", value = "" }) => [name, value]));
}
