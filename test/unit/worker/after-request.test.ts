import { once } from "node:events";
import { type AddressInfo, createServer, Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { afterRequest } from "../../../src/worker/after-request.js";

describe("what is done after a request", () => {
  test("waits until the connection stands and what waits for it is written", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    await turn();
    const order: string[] = [];
    const { port } = server.address() as AddressInfo;
    const socket = new Socket();
    const done = Promise.withResolvers<void>();
    socket.connect(port, "127.0.0.1").once("connect", () => order.push("connected"));
    afterRequest(() => {
      order.push("done");
      done.resolve();
    });
    await done.promise;
    expect(order).toEqual(["connected", "done"]);
    socket.destroy();
    server.close();
  });

  test.each([0, 1])("is left undone when it is called off %d turns later", async (turns) => {
    let done = false;
    const callOff = afterRequest(() => {
      done = true;
    });
    for (let turned = 0; turned < turns; turned++) await turn();
    callOff();
    await turn();
    await turn();
    expect(done).toBe(false);
  });
});
