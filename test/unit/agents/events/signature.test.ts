import { createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import {
  SignatureCheck,
  type SignatureOptions,
  type SignatureScheme,
} from "../../../../src/agents/events/signature.js";

const SECRET = "It's a Secret to Everybody";
const RECEIVED_AT = 1_614_265_330_000;
const WRONG = "the webhook's signature is wrong";

const hmac = (text: string, key: string | Buffer = SECRET, encoding: "hex" | "base64" = "hex") =>
  createHmac("sha256", key).update(text).digest(encoding);

function fault(
  how: SignatureScheme | SignatureOptions,
  body: string,
  headers: Readonly<Record<string, string>>,
  { secrets = [SECRET], redriven = false, receivedAt = RECEIVED_AT } = {},
) {
  const header = (name: string) =>
    Object.entries(headers).find(([candidate]) => candidate.toLowerCase() === name.toLowerCase())?.[1];
  return new SignatureCheck(how, secrets).faultOf({ body, header, receivedAt, redriven });
}

describe("The signature of a webhook", () => {
  test("is GitHub's: its documented example holds, and nothing like it", () => {
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const check = (body: string, value: string) => fault("github", body, { "x-hub-signature-256": value });
    expect(check("Hello, World!", signature)).toBeUndefined();
    expect(check("Hello, World?", signature)).toBe(WRONG);
    expect(check("Hello, World!", signature.slice(0, -2))).toBe(WRONG);
    expect(check("Hello, World!", `${signature}00`)).toBe(WRONG);
    expect(check("Hello, World!", "sha256=")).toBe(WRONG);
    expect(check("Hello, World!", signature.slice("sha256=".length))).toContain("doesn't begin with sha256=");
  });

  test("is the documented example of Standard Webhooks", () => {
    const secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature":
        "v1a,other v1,bm9ldHUjKzFob2VudXRob2VodWUzMjRvdWVvdW9ldQo= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const body = '{"test": 2432232314}';
    expect(fault("standard", body, headers, { secrets })).toBeUndefined();
    expect(fault("standard", body, { ...headers, "webhook-id": "msg_other" }, { secrets })).toBe(WRONG);
    const { "webhook-id": _, ...without } = headers;
    expect(fault("standard", body, without, { secrets })).toContain("has no webhook-id");
  });

  test("is Stripe's, with several signatures while a secret is replaced", () => {
    const time = String(RECEIVED_AT / 1000);
    const value = `t=${time},v1=${hmac(`${time}.{}`, "old")},v1=${hmac(`${time}.{}`)},v0=6ffbb59b`;
    expect(fault("stripe", "{}", { "Stripe-Signature": value })).toBeUndefined();
    expect(fault("stripe", "{ }", { "Stripe-Signature": value })).toBe(WRONG);
    expect(fault("stripe", "{}", { "Stripe-Signature": value.replace(`t=${time}`, "t=1") })).toBe(WRONG);
    expect(fault("stripe", "{}", { "Stripe-Signature": "v1=00" })).toContain("has no t=");
    expect(fault("stripe", "{}", { "Stripe-Signature": `t=${time}` })).toBe(WRONG);
  });

  test("is Slack's documented example", () => {
    const body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const headers = {
      "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
      "X-Slack-Request-Timestamp": "1531420618",
    };
    const at = { secrets: ["8f742231b10e8888abcd99yyyzzz85a5"], receivedAt: 1_531_420_618_000 };
    expect(fault("slack", body, headers, at)).toBeUndefined();
    expect(fault("slack", `${body}&x`, headers, at)).toBe(WRONG);
  });

  test("is Shopify's, in base64", () => {
    const headers = { "X-Shopify-Hmac-Sha256": hmac('{"id":1}', SECRET, "base64") };
    expect(fault("shopify", '{"id":1}', headers)).toBeUndefined();
    expect(fault("shopify", '{"id":2}', headers)).toBe(WRONG);
  });

  test("is one of one's own", () => {
    const how = { header: "X-Signature", algorithm: "sha512", encoding: "base64", timestampHeader: "X-Time" } as const;
    const time = String(RECEIVED_AT / 1000 - 290);
    const signature = createHmac("sha512", SECRET).update(`${time}.{"a":"é"}`).digest("base64");
    const headers = { "X-Signature": signature, "X-Time": time };
    expect(fault(how, '{"a":"é"}', headers)).toBeUndefined();
    expect(fault(how, '{"a":"é"}', { "X-Signature": signature })).toContain("has no X-Time");
    expect(fault({ ...how, toleranceSeconds: 289 }, '{"a":"é"}', headers)).toBe(
      "the webhook was signed 290 s from when it was sent, and at most 289 s are allowed",
    );
  });

  test("holds for a while around the time at which the message was sent; a redrive comes later", () => {
    const signed = (seconds: number) => {
      const time = String(RECEIVED_AT / 1000 + seconds);
      return { "Stripe-Signature": `t=${time},v1=${hmac(`${time}.{}`)}` };
    };
    expect(fault("stripe", "{}", signed(-300))).toBeUndefined();
    expect(fault("stripe", "{}", signed(300))).toBeUndefined();
    expect(fault("stripe", "{}", signed(-301))).toContain("signed 301 s from");
    expect(fault("stripe", "{}", signed(301))).toContain("signed 301 s from");
    expect(fault("stripe", "{}", signed(-86_400), { redriven: true })).toBeUndefined();
    const nonsense = { "Stripe-Signature": `t=soon,v1=${hmac("soon.{}")}` };
    expect(fault("stripe", "{}", nonsense)).toContain("at most 300 s");
  });

  test("is right by any of the secrets, of which none is empty", () => {
    const headers = { "X-Hub-Signature-256": `sha256=${hmac("{}", "new")}` };
    expect(fault("github", "{}", headers, { secrets: ["old", "new"] })).toBeUndefined();
    expect(fault("github", "{}", headers, { secrets: ["old"] })).toBe(WRONG);
    expect(() => new SignatureCheck("github", [])).toThrow(RangeError);
    expect(() => new SignatureCheck("github", ["new", ""])).toThrow(RangeError);
  });

  test.each(["github", "stripe", "shopify", "slack", "standard"] as const)("of %s must be there", (scheme) => {
    expect(fault(scheme, "{}", {})).toContain("the webhook has no ");
  });
});
