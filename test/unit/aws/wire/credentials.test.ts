import { createServer } from "node:http";
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import {
  CredentialSource,
  type Credentials,
  defaultCredentials,
  environmentCredentials,
} from "../../../../src/aws/wire/credentials.js";
import { eventually } from "../../../support/eventually.js";
import { settle } from "../../../support/fake-clock.js";
import { closeServer, listenOnLoopback } from "../../../support/loopback.js";

const MINUTE = 60_000;

/** A source over a provider that a test scripts, and its time. */
function setup() {
  const clock = { now: Date.UTC(2026, 0, 1) };
  const answers: (() => Promise<Credentials>)[] = [];
  const told: unknown[] = [];
  let asked = 0;
  const source = new CredentialSource(
    () => {
      asked++;
      return answers.shift()!();
    },
    (error) => told.push(error),
    () => clock.now,
  );
  const valid = (accessKeyId: string, minutes: number): Credentials => ({
    accessKeyId,
    secretAccessKey: "secret",
    expiration: new Date(clock.now + minutes * MINUTE),
  });
  return { clock, answers, told, source, valid, asked: () => asked };
}

describe("credentials", () => {
  test("that never expire are asked for once", async () => {
    const { source, answers, asked, clock } = setup();
    answers.push(async () => ({ accessKeyId: "a", secretAccessKey: "s" }));
    await source.fresh();
    clock.now += 1_000 * MINUTE;
    expect(source.now()?.accessKeyId).toBe("a");
    expect(asked()).toBe(1);
  });

  test("are refreshed in the background five minutes ahead", async () => {
    const { source, answers, valid, clock } = setup();
    answers.push(async () => valid("old", 60));
    await source.fresh();
    clock.now += 56 * MINUTE;
    answers.push(async () => valid("new", 60));
    expect(source.now()?.accessKeyId).toBe("old");
    await settle();
    expect(source.now()?.accessKeyId).toBe("new");
  });

  test("serve until their real expiry while the endpoint fails, which is told once", async () => {
    const { source, answers, valid, clock, told, asked } = setup();
    answers.push(async () => valid("old", 60));
    await source.fresh();
    clock.now += 56 * MINUTE;
    const outage = new Error("the endpoint is down");
    answers.push(
      async () => Promise.reject(outage),
      async () => Promise.reject(outage),
      async () => valid("new", 60),
    );
    for (const seconds of [0, 1, 6]) {
      clock.now += seconds * 1000;
      expect(source.now()?.accessKeyId).toBe("old");
      await settle();
    }
    expect(told).toEqual([outage]);
    expect(asked()).toBe(3);
    clock.now += 4 * MINUTE;
    expect(source.now()).toBeUndefined();
    expect((await source.fresh()).accessKeyId).toBe("new");
  });

  test("serve while the endpoint hangs, and the hung question is given up for a new one", async () => {
    const { source, answers, valid, clock, asked } = setup();
    answers.push(async () => valid("old", 60));
    await source.fresh();
    clock.now += 56 * MINUTE;
    answers.push(
      () => new Promise(() => {}),
      async () => valid("new", 60),
    );
    expect(source.now()?.accessKeyId).toBe("old");
    expect(source.now()?.accessKeyId).toBe("old");
    expect(asked()).toBe(2);
    clock.now += 5 * MINUTE;
    expect(source.now()).toBeUndefined();
    expect((await source.fresh()).accessKeyId).toBe("new");
  });

  test("that a first question never brings are asked for again after 30 s, afresh", async () => {
    const told: (boolean | undefined)[] = [];
    const answers: (() => Promise<Credentials>)[] = [
      () => new Promise(() => {}),
      async () => ({ accessKeyId: "a", secretAccessKey: "s" }),
    ];
    const source = new CredentialSource((afresh) => {
      told.push(afresh);
      return answers.shift()!();
    });
    jest.useFakeTimers();
    try {
      const hung = expect(source.fresh()).rejects.toThrow("no credentials in 30 s");
      await jest.advanceTimersByTimeAsync(30_000);
      await hung;
    } finally {
      jest.useRealTimers();
    }
    expect((await source.fresh()).accessKeyId).toBe("a");
    expect(told).toEqual([false, true]);
  });

  test("are asked for once by callers at the same time", async () => {
    const { source, answers, valid, asked } = setup();
    answers.push(async () => valid("a", 60));
    const [one, two] = await Promise.all([source.fresh(), source.fresh()]);
    expect(one).toBe(two);
    expect(asked()).toBe(1);
  });
});

describe("the default credentials", () => {
  const before = { ...process.env };
  beforeEach(() => {
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  });
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
    Object.assign(process.env, before);
  });

  test.each([
    ["keys", {}],
    ["keys with a session token", { AWS_SESSION_TOKEN: "token" }],
    ["keys with an end", { AWS_CREDENTIAL_EXPIRATION: "2099-01-01T00:00:00Z", AWS_SESSION_TOKEN: "token" }],
  ])("of the environment are those of the SDK's chain: %s", async (_name, more) => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "secret", ...more });
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await defaultProvider()();
    expect(await defaultCredentials()).toEqual({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken && { sessionToken }),
      ...(expiration && { expiration }),
    });
  });

  test("of the environment alone ask nobody else: what is missing there is said", async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "AKIA", AWS_PROFILE: "other" });
    await expect(environmentCredentials()).rejects.toThrow("AWS_SECRET_ACCESS_KEY are missing");
    process.env.AWS_SECRET_ACCESS_KEY = "secret";
    expect(await environmentCredentials()).toEqual({ accessKeyId: "AKIA", secretAccessKey: "secret" });
  });

  test("follow a profile before keys in the environment, as the SDK does", async () => {
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: "AKIA",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_PROFILE: "missing",
      AWS_CONFIG_FILE: "/nonexistent/config",
      AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
      AWS_EC2_METADATA_DISABLED: "true",
    });
    // The SDK warns of keys that it passes over.
    const warn = jest.spyOn(console, "warn").mockImplementation(() => {});
    await expect(defaultCredentials()).rejects.toThrow("Could not load credentials from any providers");
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });

  test("asked for afresh don't wait for an endpoint's answer that never comes", async () => {
    let asked = 0;
    const released = Promise.withResolvers<void>();
    const server = createServer(async (_request, response) => {
      if (++asked === 1) await released.promise;
      const Expiration = "2099-01-01T00:00:00Z";
      response.end(JSON.stringify({ AccessKeyId: "AKIA", SecretAccessKey: "secret", Token: "token", Expiration }));
    });
    process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `${await listenOnLoopback(server)}/credentials`;
    Object.assign(process.env, { AWS_CONFIG_FILE: "/nonexistent", AWS_SHARED_CREDENTIALS_FILE: "/nonexistent" });
    const hung = defaultCredentials(true);
    await eventually(
      async () => asked,
      (count) => count === 1,
    );
    expect((await defaultCredentials(true)).accessKeyId).toBe("AKIA");
    released.resolve();
    await hung;
    await closeServer(server);
  });
});
