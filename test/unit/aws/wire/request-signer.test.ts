import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { SignatureV4 } from "@smithy/signature-v4";
import { DYNAMODB } from "../../../../src/aws/dynamodb/dynamodb-calls.js";
import { SQS } from "../../../../src/aws/sqs/sqs-wire.js";
import type { Credentials } from "../../../../src/aws/wire/credentials.js";
import { RequestSigner, type WireService } from "../../../../src/aws/wire/request-signer.js";

/** The hash that the SDK's signer wants, on Node's own. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as string);
  }
  update(data: Uint8Array) {
    this.#hash.update(data);
  }
  async digest() {
    return new Uint8Array(this.#hash.digest());
  }
  reset() {}
}

/** The signature that the SDK's own signer puts on the same call. */
async function bySdk(service: WireService, endpoint: URL, body: string, credentials: Credentials, at: number) {
  const region = "eu-west-1";
  const headers = new RequestSigner(service, region, endpoint).headers("AnyCall", body, credentials, at);
  const {
    authorization,
    "x-amz-date": _date,
    "x-amz-security-token": _token,
    "user-agent": _agent,
    ...plain
  } = headers;
  const signer = new SignatureV4({ credentials, region, service: service.name, sha256: Sha256, applyChecksum: false });
  const signed = await signer.sign(
    {
      method: "POST",
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      path: endpoint.pathname,
      headers: plain,
      body,
    },
    { signingDate: new Date(at) },
  );
  return { ours: authorization, theirs: signed.headers.authorization };
}

describe.each([SQS, DYNAMODB])("a signature for $name", (service) => {
  const at = Date.UTC(2026, 10, 24, 23, 59, 59, 999);
  const lasting: Credentials = {
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  };

  test.each([
    ["of an AWS host", "https://sqs.eu-west-1.amazonaws.com", lasting, "{}"],
    ["with a session token", "https://sqs.us-east-1.amazonaws.com", { ...lasting, sessionToken: "IQoJb3/+==" }, "{}"],
    ["with a port", "http://localhost:4566", lasting, "{}"],
    ["with a path before it", "http://proxy:8080/a b/~sqs/(x)/", lasting, "{}"],
    ["of any script", "https://sqs.us-east-1.amazonaws.com", lasting, '{"MessageBody":"Grüße 🐘"}'],
  ])("%s is the one that the SDK's signer makes", async (_name, endpoint, credentials, body) => {
    const { ours, theirs } = await bySdk(service, new URL(endpoint), body, credentials, at);
    expect(ours).toBe(theirs);
  });

  test("follows the day and the secret, although its key is kept", () => {
    const endpoint = new URL("https://sqs.eu-west-1.amazonaws.com");
    const kept = new RequestSigner(service, "eu-west-1", endpoint);
    const rotated = { ...lasting, secretAccessKey: "another" };
    for (const [credentials, when] of [
      [lasting, at],
      [lasting, at + 1],
      [rotated, at + 1],
      [lasting, at],
    ] as const) {
      const fresh = new RequestSigner(service, "eu-west-1", endpoint).headers(
        "DeleteMessageBatch",
        "{}",
        credentials,
        when,
      );
      expect(kept.headers("DeleteMessageBatch", "{}", credentials, when)).toEqual(fresh);
    }
  });
});
