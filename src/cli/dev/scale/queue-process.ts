/**
 * The queue server of `dev --scale`, in a process of its own: one core for it, and on the fleet's clock, so that leases
 * and long polls are of the fleet's time. Tells its endpoint on IPC and ends with its parent.
 */
import { buildApp } from "fauxqs";
import { TaskWay } from "./task-way.js";
import type { QueueServerMessage, WayOrder } from "./way-message.js";

const LOOPBACK = "127.0.0.1";
const NUMBERED = /^\{"n":(\d+)/;

interface Inspected {
  readonly messages: {
    readonly ready: readonly Stored[];
    readonly delayed: readonly Stored[];
    readonly inflight: readonly { readonly message: Stored }[];
  };
}

interface Stored {
  readonly body: string;
}

const app = buildApp({ logger: false });
// Of a queue that is looked into only the messages' numbers are told: all else would cost more than the queue itself.
app.addHook("preSerialization", async (request, _reply, payload) => {
  if (!request.url.startsWith("/_fauxqs/queues/") || !("messages" in (payload as object))) return payload;
  const { ready, delayed, inflight } = (payload as Inspected).messages;
  return {
    visible: ready.map(numberOf),
    delayed: delayed.map(numberOf),
    inFlight: inflight.map(({ message }) => numberOf(message)),
  };
});

/** The message's number among those that `dev` sent; 0 for one of somebody else's. */
function numberOf({ body }: Stored): number {
  return Number(NUMBERED.exec(body)?.[1] ?? 0);
}

process.once("disconnect", () => process.exit(0));
const tell = (message: QueueServerMessage) => process.send!(message);
const ways = new Map<number, TaskWay>();
process.on("message", async ({ task, order }: WayOrder) => {
  if (order !== "open") return ways.get(task)?.[order]();
  const way = new TaskWay((connection) => app.server.emit("connection", connection));
  ways.set(task, way);
  tell({ task, port: await way.listen() });
});
const endpoint = await app.listen({ port: Number(process.argv[2] ?? 0), host: LOOPBACK });
tell({ endpoint });
