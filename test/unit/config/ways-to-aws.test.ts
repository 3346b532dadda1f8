import { describe, expect, test } from "@jest/globals";
import { ConfigError, loadConfig } from "../../../src/config/config.js";
import { ENDPOINT_VARIABLES, wayFaults } from "../../../src/config/ways-to-aws.js";

const faults = (env: Record<string, string>) => [...wayFaults(env)];

describe("the ways to AWS", () => {
  test.each(
    ENDPOINT_VARIABLES.flatMap((name) =>
      ["localhost:4566", "127.0.0.1:4566", "sqs", "http:host", "ftp://h", "http://h/?x=1"].map((value) => [
        name,
        value,
      ]),
    ),
  )("by %s can't be %s", (name, value) => {
    expect(faults({ [name!]: value! })).toEqual([
      `${name} must be an http or https URL without ? and #, like http://localhost:4566, got "${value}"`,
    ]);
  });

  test.each(["http://localhost:4566", "https://host/prefix/", "http://[::1]:4566", "HTTP://HOST"])(
    "by an endpoint can be %s",
    (AWS_ENDPOINT_URL) => {
      expect(faults({ AWS_ENDPOINT_URL })).toEqual([]);
    },
  );

  test("are the agent's business for services that aren't called", () => {
    expect(faults({ AWS_ENDPOINT_URL_BEDROCK: "localhost" })).toEqual([]);
  });

  test("don't go by endpoints that are to be ignored", () => {
    expect(faults({ AWS_ENDPOINT_URL: "localhost", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" })).toEqual([]);
  });

  test.each(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])(
    "by the switch %s are chosen by true or false alone",
    (name) => {
      expect(faults({ [name]: "yes" })).toEqual([`${name} must be true or false, got "yes"`]);
      expect(faults({ [name]: "true" })).toEqual([]);
    },
  );

  test.each(["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])(
    "can't be both an endpoint and AWS's own, which the SDK refuses too: %s",
    (name) => {
      expect(faults({ [name]: "true", AWS_ENDPOINT_URL_SQS: "http://host" })).toEqual([
        `${name} chooses among AWS's own hosts and can't be true with AWS_ENDPOINT_URL_SQS "http://host": unset one of them`,
      ]);
    },
  );

  test.each([
    ["HTTPS_PROXY", "socks5://proxy:1080"],
    ["http_proxy", "http://"],
    ["HTTP_PROXY", "http://proxy:3128/path"],
  ])("by the proxy %s can't be %s", (name, value) => {
    expect(faults({ [name]: value })).toEqual([
      `${name} must be the URL of an HTTP proxy, like http://proxy.example:3128, got "${value}"`,
    ]);
  });

  test.each(["proxy:3128", "http://user:secret@proxy:3128", "https://proxy"])("by a proxy can be %s", (HTTPS_PROXY) => {
    expect(faults({ HTTPS_PROXY })).toEqual([]);
  });

  test("are told without their passwords", () => {
    expect(faults({ AWS_ENDPOINT_URL: "http://me:secret@host/?x" })[0]).toContain('"http://***@host/?x"');
    expect(faults({ HTTP_PROXY: "socks://me:secret@host" })[0]).toContain('"socks://***@host"');
  });

  test("that are none are faults of the settings", () => {
    const env = { SQS_QUEUE_URL: "https://host/1/q", HANDLER: "./agent.mjs", AWS_ENDPOINT_URL: "localhost" };
    expect(() => loadConfig(env)).toThrow(ConfigError);
  });
});
