import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { ECSClient } from "@aws-sdk/client-ecs";
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from "testcontainers";
import { Stacks } from "./stacks.js";

const exec = promisify(execFile);

const IMAGE = "ministackorg/ministack:1.5.33";
const PORT = 4566;
/**
 * Where ECS serves credentials to tasks. The SDK takes them over plain HTTP from this address and no other, so MiniStack
 * is put there and the workers get theirs as they do on Fargate.
 */
const ADDRESS = "169.254.170.2";
const SUBNET = "169.254.170.0/24";
const LABEL = "queuehand.ministack";
/** There is one such subnet to an engine, so runs take turns. */
const WAIT_FOR_OTHERS_MS = 120_000;

/** Gives a container one fixed address in one network. */
class PlacedContainer extends GenericContainer {
  constructor(image: string, network: string) {
    super(image);
    this.withNetworkMode(network);
    this.createOpts.NetworkingConfig = {
      EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: ADDRESS } } },
    };
  }
}

/** Makes the network in which a MiniStack can be at ADDRESS; waits for another run that has it. */
async function placeForEcs() {
  const { network: networks } = await getContainerRuntimeClient();
  const name = `queuehand-ministack-${process.pid}`;
  const deadline = performance.now() + WAIT_FOR_OTHERS_MS;
  for (;;) {
    // What a run that was killed has left of it goes first; a network in use stays.
    await exec("docker", ["network", "prune", "-f", "--filter", `label=${LABEL}`]);
    try {
      const network = await networks.create({
        Name: name,
        Driver: "bridge",
        CheckDuplicate: true,
        Internal: false,
        Attachable: false,
        Ingress: false,
        EnableIPv6: false,
        Labels: { [LABEL]: "true" },
        IPAM: { Driver: "default", Config: [{ Subnet: SUBNET, Gateway: "169.254.170.1" }] },
      });
      return { name, network };
    } catch (error) {
      if (!/overlaps/.test(String(error)) || performance.now() > deadline) throw error;
      await sleep(1_000);
    }
  }
}

/** A MiniStack of a test's own: CloudFormation, SQS, CloudWatch, and an ECS that runs tasks as containers beside it. */
export class MiniStack {
  /** @param auth whether calls need a good signature and an IAM policy that allows them; `test` may do everything. */
  static async start({ auth = false } = {}): Promise<MiniStack> {
    const { name, network } = await placeForEcs();
    try {
      const container = await new PlacedContainer(IMAGE, name)
        .withBindMounts([{ source: "/var/run/docker.sock", target: "/var/run/docker.sock" }])
        .withExposedPorts(PORT)
        .withEnvironment({ AUTH: String(auth) })
        .withWaitStrategy(Wait.forHttp("/_ministack/health", PORT))
        .start();
      return new MiniStack(name, container);
    } catch (error) {
      await network.remove();
      throw error;
    }
  }

  readonly stacks: Stacks;
  readonly ecs: ECSClient;

  private constructor(
    private readonly network: string,
    private readonly container: StartedTestContainer,
  ) {
    const endpoint = `http://${container.getHost()}:${container.getMappedPort(PORT)}`;
    this.stacks = new Stacks(endpoint);
    this.ecs = new ECSClient(this.stacks.client);
  }

  /** Ids of the tasks' containers that run at this moment. */
  async taskContainers(): Promise<string[]> {
    const { stdout } = await exec("docker", ["ps", "-q", "--no-trunc", ...this.#tasks()]);
    return stdout.split("\n").filter(Boolean);
  }

  /** Makes a secret of Secrets Manager; resolves with its ARN. Unsigned, which the emulator doesn't mind. */
  async secret(Name: string, SecretString: string): Promise<string> {
    const response = await fetch(this.stacks.endpoint, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": "secretsmanager.CreateSecret" },
      body: JSON.stringify({ Name, SecretString }),
    });
    return ((await response.json()) as { ARN: string }).ARN;
  }

  /** Removes it with every task that it has started. */
  async stop(): Promise<void> {
    this.ecs.destroy();
    this.stacks.close();
    await this.container.stop();
    const { stdout } = await exec("docker", ["ps", "-aq", ...this.#tasks()]);
    const left = stdout.split("\n").filter(Boolean);
    if (left.length > 0) await exec("docker", ["rm", "-f", ...left]);
    await exec("docker", ["network", "rm", this.network]);
  }

  #tasks(): string[] {
    return ["--filter", `network=${this.network}`, "--filter", "label=com.amazonaws.ecs.task-arn"];
  }
}
