import { createServer } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { checkHttpPort } from "../../../src/cli/http-port.js";

const host = "127.0.0.1";

describe("the check of the HTTP port", () => {
  test("says what to change where another program has it, and nothing where it is free again", async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen({ port: 0, host }, done));
    const { port } = other.address() as { port: number };
    await expect(checkHttpPort({ host, port })).rejects.toMatchObject({
      faults: [expect.stringMatching(`^HTTP_PORT must be free on 127.0.0.1, got "${port}", .* to 0 for any free one`)],
    });
    await new Promise((done) => other.close(done));
    await checkHttpPort({ host, port });
  });

  test("asks nothing of a port that is any, or none", async () => {
    await checkHttpPort({ host, port: 0 });
    await checkHttpPort(undefined);
  });

  test("tells a host that isn't this machine", async () => {
    await expect(checkHttpPort({ host: "192.0.2.1", port: 18_080 })).rejects.toMatchObject({
      faults: ['HTTP_HOST must be an address of this machine, got "192.0.2.1"'],
    });
  });
});
