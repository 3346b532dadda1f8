import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { SERVICES, withProfile } from "../../../../src/aws/wire/profile.js";
import { endpointOf, hostKindOf } from "../../../../src/aws/wire/region.js";
import { ENDPOINT_VARIABLES } from "../../../../src/config/ways-to-aws.js";
import { environment } from "../../../support/environment.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queuehand-profile-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes the shared files, and has this process use them. */
async function files(config: string, env: Record<string, string> = {}, credentials = ""): Promise<Disposable> {
  const [configFile, credentialsFile] = [join(folder, "config"), join(folder, "credentials")];
  await writeFile(configFile, config);
  await writeFile(credentialsFile, credentials);
  return environment({ AWS_CONFIG_FILE: configFile, AWS_SHARED_CREDENTIALS_FILE: credentialsFile, ...env });
}

describe("a profile of AWS's shared files", () => {
  test.each([
    ["names an endpoint for all", "[default]\nendpoint_url = http://all:1\n", {}],
    [
      "names one for a service, which wins over that for all",
      "[default]\nendpoint_url = http://all:1\nservices = local\n[services local]\nsqs =\n  endpoint_url = http://sqs:2\n",
      {},
    ],
    [
      "names endpoints that any of the environment beats",
      "[default]\nservices = local\n[services local]\nsqs =\n  endpoint_url = http://sqs:2\n",
      { AWS_ENDPOINT_URL: "http://environment:3" },
    ],
    [
      "names an endpoint that counts for others than the environment's",
      "[default]\nendpoint_url = http://all:1\n",
      { AWS_ENDPOINT_URL_STS: "http://sts:4" },
    ],
    ["has endpoints ignored", "[default]\nendpoint_url = http://all:1\nignore_configured_endpoint_urls = true\n", {}],
    [
      "is told by the environment not to have them ignored",
      "[default]\nendpoint_url = http://all:1\nignore_configured_endpoint_urls = true\n",
      { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "false" },
    ],
    [
      "is another one",
      "[default]\nendpoint_url = http://all:1\n[profile work]\nendpoint_url = http://work:5\n",
      { AWS_PROFILE: "work" },
    ],
    ["says nothing", "[default]\nregion = eu-west-1\n", {}],
  ])("%s, as the SDK understands it", async (_name, config, env) => {
    using _files = await files(config, env as Record<string, string>);
    const said = await withProfile(process.env);
    const sdk = { region: "eu-west-1", maxAttempts: 1, credentials: { accessKeyId: "AKIA", secretAccessKey: "s" } };
    expect(endpointOf(said, "SQS")).toBe(await endpointOfSdk(new SQSClient(sdk)));
    expect(endpointOf(said, "STS")).toBe(await endpointOfSdk(new STSClient(sdk)));
  });

  test.each([
    ["[default]\nuse_fips_endpoint = true\n", {}],
    ["[default]\nuse_dualstack_endpoint = true\n", {}],
    ["[default]\nuse_fips_endpoint = true\n", { AWS_USE_FIPS_ENDPOINT: "false" }],
    ["[default]\nuse_fips_endpoint = false\n", { AWS_USE_DUALSTACK_ENDPOINT: "true" }],
  ])("chooses among AWS's hosts as the SDK understands it: %j and %j", async (config, env) => {
    using _files = await files(config, env as Record<string, string>);
    const { config: sdk } = new SQSClient({ region: "eu-west-1" });
    expect(hostKindOf(await withProfile(process.env))).toEqual({
      fips: await sdk.useFipsEndpoint(),
      dualStack: await sdk.useDualstackEndpoint(),
    });
  });

  test("names the region where the environment doesn't, in either file", async () => {
    using _files = await files("", {}, "[default]\nregion = eusc-de-east-1\n");
    expect((await withProfile(process.env)).AWS_REGION).toBe("eusc-de-east-1");
    expect((await withProfile({ ...process.env, AWS_REGION: "eu-west-1" })).AWS_REGION).toBe("eu-west-1");
  });

  test("that names a section which isn't there is refused in words", async () => {
    using _files = await files("[default]\nservices = nowhere\n");
    await expect(withProfile(process.env)).rejects.toThrow('profile default names the services section "nowhere"');
  });

  test("costs nothing where there is none", async () => {
    const env = { HOME: folder };
    expect(await withProfile(env)).toBe(env);
  });

  test("is read for the services whose endpoints the environment may name", () => {
    expect(ENDPOINT_VARIABLES.slice(1)).toEqual(SERVICES.map((service) => `AWS_ENDPOINT_URL_${service}`));
  });
});

/** Where the SDK's client makes its calls, if not at AWS's host. */
async function endpointOfSdk(client: SQSClient | STSClient): Promise<string | undefined> {
  let origin = "";
  const requestHandler = {
    async handle({ protocol, hostname, port }: { protocol: string; hostname: string; port?: number }) {
      origin = `${protocol}//${hostname}${port ? `:${port}` : ""}`;
      throw new Error("far enough");
    },
  };
  Object.assign(client.config, { requestHandler });
  const call =
    client instanceof SQSClient
      ? client.send(new ListQueuesCommand({}))
      : client.send(new GetCallerIdentityCommand({}));
  await call.catch(() => {});
  expect(origin).not.toBe("");
  return origin.includes("amazonaws") ? undefined : origin;
}
