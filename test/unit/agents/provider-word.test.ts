import { describe, expect, test } from "@jest/globals";
import { busyIf, pauseOf } from "../../../src/agents/provider-word.js";

const NOW = Date.UTC(2026, 0, 1);
const answer = (status: number, headers: Record<string, string> = {}) => ({ status, headers: new Headers(headers) });

describe("a provider's word", () => {
  test.each([
    [429, { "retry-after": "2" }, 2],
    [503, { "retry-after": "Thu, 01 Jan 2026 00:00:07 GMT" }, 7],
    [429, { "retry-after-ms": "1500", "retry-after": "9" }, 1.5],
    [429, {}, 1],
    [529, { "retry-after": "nonsense" }, 1],
    [429, { "retry-after": "-5" }, 1],
    [429, { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s" }, 360],
    [200, { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20ms" }, 0.02],
    [200, { "x-ratelimit-remaining-requests": "7", "x-ratelimit-reset-requests": "8s" }, undefined],
    [
      200,
      { "anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": "2026-01-01T00:00:30Z" },
      30,
    ],
    [200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW / 1000 + 12) }, 12],
    [200, {}, undefined],
    [500, {}, undefined],
  ])("%i with %j is a pause of %p s", (status, headers, seconds) => {
    expect(pauseOf(answer(status, headers as Record<string, string>), NOW)).toBe(seconds);
  });

  test("is found in what a provider's SDK threw, and any other error is handed back", () => {
    const busy = (seconds: number) => expect.objectContaining({ name: "Busy", budget: "model", seconds });
    const error = (more: object) => Object.assign(new Error("refused"), more);
    const refused = error({ status: 429, headers: new Headers({ "retry-after": "90" }) });
    expect(() => busyIf("model", refused)).toThrow(busy(90));
    expect(() => busyIf("model", refused)).toThrow(expect.objectContaining({ cause: refused }));
    // Of AWS's SDK, whose headers are an object's properties.
    const throttled = { $metadata: { httpStatusCode: 429 }, $response: { headers: { "retry-after": "4" } } };
    expect(() => busyIf("model", error(throttled))).toThrow(busy(4));
    expect(() => busyIf("model", error({ $metadata: { httpStatusCode: 503 } }))).toThrow(busy(1));
    for (const other of [error({ status: 400 }), error({ status: undefined }), error({ $metadata: {} }), "text", null])
      expect(busyIf("model", other)).toBe(other);
  });

  test("wraps a fetch in one line", () => {
    const good = answer(200);
    expect(busyIf("openai", good)).toBe(good);
    expect(() => busyIf("openai", answer(429, { "retry-after": "3" }))).toThrow(
      expect.objectContaining({ name: "Busy", budget: "openai", seconds: 3 }),
    );
  });
});
