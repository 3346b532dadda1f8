/**
 * The main file of a module's process (ISOLATION=process): loads the module that its argument names, then works on one
 * message at a time as descriptor 3 brings them, and ends when that is closed.
 */
import { Socket } from "node:net";
import { done, type Outcome } from "../../pipeline/ports/outcome.js";
import type { ReceivedMessage } from "../../pipeline/ports/queue.js";
import { described } from "../../pipeline/ports/thrown.js";
import type { AgentContext } from "../../tracing/agent-context.js";
import { InProcessHandler } from "../in-process.js";
import { loadModule } from "../load-module.js";
import { usesToWire } from "../message-uses.js";
import { identifierOf } from "../once/identity.js";
import { LineCutter } from "../process/line-cutter.js";
import { estimated, estimatesOf } from "./estimated.js";
import { ASKED_FIRST, type FromModule, type OfRun, type ToModule, WITH_ROLE, WITH_TRACES } from "./module-wire.js";
import { RemoteRole, RemoteRun, remoteLog } from "./remote-run.js";
import { errorToWire, messageFromWire, outcomeToWire } from "./wire-values.js";

type ToldToRun = Extract<ToModule, { run: unknown }>;

const channel = new Socket({ fd: 3, readable: true, writable: true });
// Taken now, so that nothing that the agent does to the globals reaches it.
const { stringify, parse } = JSON;
const { rss } = process.memoryUsage;
const exit = process.exit.bind(process);

function say(what: FromModule): void {
  channel.write(`${stringify(what)}\n`);
}

const asked = new Set(process.argv.slice(3));
const role = asked.has(WITH_ROLE) ? new RemoteRole() : undefined;
/** Sending the last spans may take so long; the worker waits for little more. */
const FLUSH_MS = 800;
let traces: AgentContext | undefined;
let running: RemoteRun | undefined;

async function work(handler: InProcessHandler, told: ToldToRun) {
  const { run: message, of, deadline, idempotency } = told;
  const sayOf = (what: OfRun) => say({ ...what, of });
  const run = new RemoteRun(deadline, idempotency, sayOf);
  running = run;
  role?.begin(message.id, sayOf);
  const received = messageFromWire(message);
  const begin = async () =>
    (asked.has(ASKED_FIRST) ? undefined : await estimated(handler.uses, received, run)) ??
    (await outcomeOf(handler, told, received, run, sayOf));
  const outcome = await (traces ? traces.run(received.trace, begin) : begin());
  running = undefined;
  sayOf({ ended: outcomeToWire(outcome), residentBytes: residentBytes() });
}

function estimate(handler: InProcessHandler, { estimate, asked }: Extract<ToModule, { estimate: unknown }>): void {
  try {
    say({ estimates: estimatesOf(handler.uses, messageFromWire(estimate)), isError: false, asked });
  } catch (error) {
    say({ estimates: errorToWire(error), isError: true, asked });
  }
}

async function outcomeOf(
  handler: InProcessHandler,
  { rule }: ToldToRun,
  message: ReceivedMessage,
  run: RemoteRun,
  sayOf: (what: OfRun) => void,
): Promise<Outcome> {
  const opened = await (rule && handler.open(message, run, identifierOf(rule)));
  if (!opened) return handler.run(message, run);
  if ("ended" in opened) return opened.ended;
  sayOf({ identity: opened.identity });
  return (await run.toldToGo()) ? opened.run(run) : done;
}

/** A process that has no descriptor left to ask with is worn out: it is told to be replaced. */
function residentBytes(): number {
  try {
    return rss();
  } catch {
    return Number.MAX_SAFE_INTEGER;
  }
}

// The worker has no more use for this process, or is gone.
channel.on("end", () => (traces ? void traces.stop(FLUSH_MS).then(() => exit(0)) : exit(0)));
channel.on("error", () => exit(0));

// While the module loads, nothing but the module itself is to keep this process alive: a top-level await that nobody
// settles then ends it, and the worker is told.
channel.unref();
try {
  const agent = await loadModule(process.argv[2]!);
  const handler = new InProcessHandler(agent, { logFor: () => remoteLog(say), role });
  if (asked.has(WITH_TRACES)) {
    const { AgentContext } = await import("../../tracing/agent-context.js");
    traces = await AgentContext.start((text, error) => remoteLog(say).warn(error ? { err: error } : {}, text));
  }
  const heard = new LineCutter(Number.POSITIVE_INFINITY, (line) => {
    const told = parse(line) as ToModule;
    if ("run" in told) void work(handler, told);
    else if ("estimate" in told) estimate(handler, told);
    else if ("go" in told) running?.go(told.idempotency);
    else if ("drop" in told) running?.drop();
    else if ("abort" in told) running?.abort(told.abort, told.detail);
    else if ("save" in told) void running?.saveNow(told.save);
    else if ("taken" in told) running?.taken(told.taken, told.error);
    else if ("credentials" in told) role?.answered(told.asked, told.credentials);
    else running?.moved(told.deadline);
  });
  channel.on("data", (chunk: Buffer) => heard.write(chunk));
  channel.ref();
  const decodes = typeof agent === "object" && agent.decode !== undefined;
  say({ ready: true, decodes, uses: usesToWire(handler.uses) });
} catch (error) {
  say({ unfit: described(error).message });
  channel.resume();
}
