import { createServer, request, type Server } from "node:http";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { TaskWay } from "../../../../../src/cli/dev/scale/task-way.js";

let server: Server;
let way: TaskWay;
let port: number;
let asked: string[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => {
      asked.push(body);
      response.end(`got ${body.length}`);
    });
  });
  way = new TaskWay((connection) => server.emit("connection", connection));
  port = await way.listen();
});
afterEach(() => way.close());

function ask(body: string, signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", method: "POST", ...(signal && { signal }) }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece) => {
        text += piece;
      });
      response.on("end", () => resolve(text));
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

test("a way carries requests of any size to its server", async () => {
  expect(await Promise.all([ask("a"), ask("b".repeat(1_000_000)), ask("")])).toEqual(["got 1", "got 1000000", "got 0"]);
});

test("a way that is cut says nothing, to old connections and new ones, and works again when it is mended", async () => {
  expect(await ask("before")).toBe("got 6");
  way.cut();
  const hanging = ask("lost");
  let over = false;
  const ended = hanging.then(
    () => "answered",
    () => "broken",
  );
  void ended.then(() => {
    over = true;
  });
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  expect([over, asked]).toEqual([false, ["before"]]);
  way.mend();
  expect(await ended).toBe("broken");
  expect(await ask("after")).toBe("got 5");
  expect(asked).toEqual(["before", "after"]);
});
