import { describe, expect, test } from "@jest/globals";
import { isOwnHost } from "../../../src/console/host-guard.js";

describe("isOwnHost", () => {
  test.each(["127.0.0.1", "127.0.0.1:8080", "10.0.3.7:8080", "[::1]", "[::1]:8080", "localhost", "LOCALHOST:8080"])(
    "lets %s in, which no page of elsewhere can have as its name",
    (header) => expect(isOwnHost(header, "127.0.0.1")).toBe(true),
  );

  test.each([
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example@127.0.0.1",
    "127.0.0.1/evil.example",
    "[evil.example]",
    "::1",
    "127.0.0.1:8080:9",
    "",
    undefined,
  ])("refuses %s", (header) => expect(isOwnHost(header, "127.0.0.1")).toBe(false));

  test("lets the configured name in, in any case, and no other", () => {
    expect(isOwnHost("Worker.internal:8080", "worker.INTERNAL")).toBe(true);
    expect(isOwnHost("other.internal:8080", "worker.internal")).toBe(false);
  });
});
