import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { Connections } from "../../../src/console/connections.js";

class FakeSocket extends EventEmitter {
  destroyed = false;
  constructor(readonly remoteAddress: string) {
    super();
  }
  destroy() {
    this.destroyed = true;
  }
}

function setup(max: number) {
  const connections = new Connections(max);
  const connect = (address: string) => {
    const socket = new FakeSocket(address) as FakeSocket & Socket;
    connections.admit(socket);
    return socket;
  };
  return { connections, connect };
}

describe("connections that are too many", () => {
  test("make room: the oldest of the address that has most goes, and the newcomer never", () => {
    const { connections, connect } = setup(4);
    const balancer = connect("10.0.0.1");
    const [oldest, ...others] = [connect("10.0.0.9"), connect("10.0.0.9"), connect("10.0.0.9")];
    const newcomer = connect("10.0.0.2");
    expect(oldest!.destroyed).toBe(true);
    for (const each of [balancer, ...others, newcomer]) expect(each.destroyed).toBe(false);
    expect(connections.count).toBe(4);
  });

  test("never go while they are being answered, however many come", () => {
    const { connections, connect } = setup(3);
    const viewer = connect("10.0.0.9");
    connections.answering(viewer);
    for (let each = 0; each < 10; each++) connect("10.0.0.9");
    expect(viewer.destroyed).toBe(false);
    connections.answered(viewer);
    connect("10.0.0.9");
    expect(viewer.destroyed).toBe(true);
  });

  test("are refused only where all are being answered", () => {
    const { connections, connect } = setup(2);
    for (const viewer of [connect("10.0.0.1"), connect("10.0.0.2")]) connections.answering(viewer);
    expect(connect("10.0.0.3").destroyed).toBe(true);
    expect(connections.count).toBe(2);
  });
});

test("A connection that closes takes its answer along", () => {
  const { connections, connect } = setup(2);
  const socket = connect("10.0.0.1");
  connections.answering(socket);
  expect([connections.count, connections.answers]).toEqual([1, 1]);
  socket.emit("close");
  expect([connections.count, connections.answers]).toEqual([0, 0]);
});

test("A newcomer whose place was made leaves no more room than it took", () => {
  const { connections, connect } = setup(1);
  const first = connect("10.0.0.1");
  connect("10.0.0.1");
  first.emit("close");
  expect(connections.count).toBe(1);
});
