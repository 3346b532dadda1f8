import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { agentRoleOf, StsAgentRole } from "../../../../src/aws/sts/sts-agent-role.js";
import { EXPIRES, FakeSts, granted, refused } from "../../../support/fake-sts.js";

const ROLE = "arn:aws:iam::000000000000:role/agents/photos";
const ID = "0b2f7e3c-8a4d-4c7e-9d53-1f1c9b7a2e10";

describe("An agent's role by STS", () => {
  const environment = { ...process.env };
  let sts: FakeSts;
  let endpoint: string;
  const roles: StsAgentRole[] = [];
  beforeEach(async () => {
    sts = new FakeSts();
    endpoint = await sts.start();
  });
  afterEach(async () => {
    for (const role of roles.splice(0)) role.close();
    await sts.stop();
    process.env = { ...environment };
  });

  function role(credentials = async () => ({ accessKeyId: "AKIAWORKER", secretAccessKey: "worker secret" })) {
    const queueUrl = "https://sqs.eu-west-1.amazonaws.com/000000000000/photos.fifo";
    const made = new StsAgentRole({ roleArn: ROLE, queueUrl, region: "eu-west-1", endpoint, credentials });
    roles.push(made);
    return made;
  }

  test("is assumed for an hour, in a session named and tagged with the message, as the worker", async () => {
    expect(await role().credentialsFor(ID)).toEqual({
      accessKeyId: "ASIAAGENT",
      secretAccessKey: "agent secret",
      sessionToken: "agent token",
      expiration: EXPIRES,
    });
    expect(sts.asked).toEqual([
      expect.objectContaining({
        Action: "AssumeRole",
        RoleArn: ROLE,
        RoleSessionName: ID,
        DurationSeconds: "3600",
        "Tags.member.1.Key": "queuehand:message",
        "Tags.member.1.Value": ID,
        "Tags.member.2.Key": "queuehand:queue",
        "Tags.member.2.Value": "photos.fifo",
        authorization: expect.stringMatching(/Credential=AKIAWORKER\/\d+\/eu-west-1\/sts\//),
      }),
    ]);
  });

  test("is assumed anew for each message", async () => {
    const one = role();
    await Promise.all([one.credentialsFor("first"), one.credentialsFor("second")]);
    expect(sts.asked.map(({ RoleSessionName }) => RoleSessionName).sort()).toEqual(["first", "second"]);
  });

  test.each([
    ["signs that STS refuses", "a/b c:é", "a-b-c--", "a/b c:é"],
    ["signs that no tag may have", "<script>\n", "-script--", "_script__"],
    ["300 characters", "x".repeat(300), "x".repeat(64), "x".repeat(256)],
    ["one character", "7", "message-7", "7"],
    ["none", "", "message-", ""],
  ])("makes a name and a tag that STS takes of an id with %s", async (_, id, name, tag) => {
    await role().credentialsFor(id);
    const { RoleSessionName, "Tags.member.1.Value": value } = sts.asked[0]!;
    expect([RoleSessionName, value]).toEqual([name, tag]);
    expect(RoleSessionName).toMatch(/^[\w+=,.@-]{2,64}$/);
    expect(value).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u);
  });

  test("is asked for again when STS throttles or fails", async () => {
    let failures = 0;
    sts.answer = (request, response) => {
      failures++;
      if (failures === 1) refused(400, "Throttling")(request, response);
      else if (failures === 2) refused(500, "InternalFailure")(request, response);
      else granted(request, response);
    };
    expect(await role().credentialsFor(ID)).toMatchObject({ accessKeyId: "ASIAAGENT" });
    expect(sts.asked).toHaveLength(3);
  });

  test("says at once which role can't be assumed, and why", async () => {
    sts.answer = refused(403, "AccessDenied");
    await expect(role().credentialsFor(ID)).rejects.toThrow(`sts:AssumeRole of ${ROLE}: AccessDenied: said STS`);
    expect(sts.asked).toHaveLength(1);
  });

  test("isn't taken from an answer without credentials", async () => {
    sts.answer = (_, response) => response.end("<AssumeRoleResponse/>");
    await expect(role().credentialsFor(ID)).rejects.toThrow(`sts:AssumeRole of ${ROLE}: `);
  });

  test("is given up after five seconds, whether STS or the worker's own credentials hang", async () => {
    sts.answer = () => {};
    const hung = [role().credentialsFor(ID), role(() => new Promise(() => {})).credentialsFor(ID)];
    for (const end of await Promise.allSettled(hung)) {
      expect(end).toMatchObject({
        status: "rejected",
        reason: { message: `sts:AssumeRole of ${ROLE}: no answer in 5000 ms` },
      });
    }
  }, 15_000);

  test.each(["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"])("is asked for at %s", async (name) => {
    Object.assign(process.env, { [name]: endpoint, AWS_ACCESS_KEY_ID: "AKIAENV", AWS_SECRET_ACCESS_KEY: "secret" });
    const made = agentRoleOf({
      agentRoleArn: ROLE,
      queueUrl: "https://sqs.eu-west-1.amazonaws.com/000000000000/photos",
    });
    roles.push(made!);
    expect(await made!.credentialsFor(ID)).toMatchObject({ accessKeyId: "ASIAAGENT" });
    expect(sts.asked[0]!.authorization).toMatch(/Credential=AKIAENV\/\d+\/(eu-west-1|us-east-1)\/sts\//);
  });

  test("is asked for in the region of the queue", async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "AKIAENV", AWS_SECRET_ACCESS_KEY: "secret" });
    const hosts = new Set<string>();
    // Seen as it is about to leave, and kept from it: tests call nobody.
    const caught = (message: unknown) => {
      const { request } = message as { request: ClientRequest };
      hosts.add(request.host);
      request.destroy(new Error("no network in tests"));
    };
    subscribe("http.client.request.start", caught);
    try {
      const queueUrl = "https://sqs.eu-west-1.amazonaws.com/000000000000/photos";
      const made = agentRoleOf({ agentRoleArn: ROLE, queueUrl })!;
      roles.push(made);
      await expect(made.credentialsFor(ID)).rejects.toThrow("no network in tests");
    } finally {
      unsubscribe("http.client.request.start", caught);
    }
    expect([...hosts]).toEqual(["sts.eu-west-1.amazonaws.com"]);
  });

  test("is none where the settings name none", () => {
    expect(
      agentRoleOf({ agentRoleArn: undefined, queueUrl: "https://sqs.eu-west-1.amazonaws.com/0/q" }),
    ).toBeUndefined();
  });
});
