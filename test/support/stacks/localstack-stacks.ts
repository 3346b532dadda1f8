import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import { Stacks } from "./stacks.js";

/** The last version that starts without a token. */
const IMAGE = "localstack/localstack:4.14.0";
const PORT = 4566;

/** A LocalStack of a test's own with everything that the templates need of it; it has no ECS. */
export class LocalStackStacks {
  static async start(): Promise<LocalStackStacks> {
    const calls: string[] = [];
    const container = await new GenericContainer(IMAGE)
      .withExposedPorts(PORT)
      .withLogConsumer((stream) =>
        stream.on("data", (text) => {
          for (const [, call] of String(text).matchAll(/ AWS (\w+\.\w+) => /g)) calls.push(call!);
        }),
      )
      .withWaitStrategy(Wait.forHttp("/_localstack/health", PORT))
      .withStartupTimeout(120_000)
      .start();
    return new LocalStackStacks(container, calls);
  }

  readonly stacks: Stacks;

  private constructor(
    private readonly container: StartedTestContainer,
    /** Every call that it was asked for so far, as `service.Operation`. */
    readonly calls: readonly string[],
  ) {
    this.stacks = new Stacks(`http://${container.getHost()}:${container.getMappedPort(PORT)}`);
  }

  async stop(): Promise<void> {
    this.stacks.close();
    await this.container.stop();
  }

  /** One call of a service that needs no client for it. LocalStack reads the service from the signature, and no more. */
  async call(
    service: string,
    path: string,
    init: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<unknown> {
    const credential = `test/20260101/us-east-1/${service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=none`;
    const response = await fetch(`${this.stacks.endpoint}${path}`, {
      method: init.body === undefined ? "GET" : "POST",
      ...init,
      headers: { authorization, ...init.headers },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${service} answered ${path} with ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  /** Calls the webhook at `url`, as the internet would; resolves with the status. */
  async webhook(url: string, body: string, headers: Record<string, string>): Promise<number> {
    const id = new URL(url).hostname.split(".")[0];
    const response = await fetch(`${this.stacks.endpoint}/_aws/execute-api/${id}${new URL(url).pathname}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
    return response.status;
  }
}
