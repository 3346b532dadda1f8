import { Console } from "../../console/console.js";
import { FleetSource } from "../../console/fleet-source.js";
import { HealthServer } from "../../console/health-server.js";
import { systemClock as clock } from "../../pipeline/ports/clock.js";
import { type CommandLine, parseCommandLine, UsageError } from "../command-line.js";
import { ExitCode } from "../exit-code.js";
import { printHelp } from "../help.js";
import { checkHttpPort } from "../http-port.js";
import { complain, print, printJson } from "../terminal.js";
import { askJson } from "./ask-json.js";
import { targetsOf } from "./targets.js";

const PORT = 8090;
const WORKER_PORT = 8080;
const PORT_MAX = 65_535;

const LINE: CommandLine = {
  name: "console",
  about:
    "Shows several workers on one page, a row each: their sums, plots, errors and messages together; several queues side by side. It only reads. Each worker is asked once a second for the JSON of its own page, so its HTTP port must be reachable from here (HTTP_HOST=0.0.0.0 on ECS, and a security group that lets this machine in).",
  options: [
    {
      name: "targets",
      value: "TARGETS",
      meaning:
        "with commas between them: http://HOST:PORT, dns:NAME (all its addresses), ecs:CLUSTER/SERVICE (all its running tasks); the last two take :PORT behind them",
    },
    {
      name: "worker-port",
      value: "PORT",
      meaning: `port of workers whose target names none (default: ${WORKER_PORT})`,
    },
    { name: "port", value: "PORT", meaning: `port of this page on 127.0.0.1, 0 for any free one (default: ${PORT})` },
  ],
  examples: [
    "queuehand console --targets http://127.0.0.1:8080,http://127.0.0.1:8081",
    "queuehand console --targets ecs:agents/tasks,ecs:agents/reports",
  ],
  exits: [
    ["0", "stopped by a signal"],
    ["64", "wrong command line"],
    ["78", "its port can't be had"],
  ],
};

/** `queuehand console`. */
export async function showConsole(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const given = typed.text("targets");
  if (given === undefined) throw new UsageError("--targets is needed: which workers to show");
  const targets = targetsOf(given, typed.integer("worker-port", 1, PORT_MAX) ?? WORKER_PORT);
  const http = { host: "127.0.0.1", port: typed.integer("port", 0, PORT_MAX) ?? PORT };
  await checkHttpPort(http, "--port");

  const source = new FleetSource({
    targets: async () => [...new Set((await Promise.all(targets.map((target) => target()))).flat())],
    ask: askJson,
    clock,
  });
  const extra = { name: "fleet", title: "Workers", data: () => ({ rows: source.rows() }) };
  const page = new Console({ host: http.host, source, actions: "no", extra, clock });
  const server = new HealthServer({
    ...http,
    routes: page.routes,
    clock,
    telemetry: (fact) => {
      if (fact.kind === "warning") complain(fact.text);
    },
    // This process works on no queue: while it answers, it lives.
    status: () => ({
      state: "running",
      slots: 1,
      busy: 0,
      buffered: 0,
      openPolls: 0,
      settling: 0,
      meanAgentSeconds: 0,
      lastReceiveOkAt: undefined,
    }),
    pulse: {
      receiveTrouble: undefined,
      copyTrouble: undefined,
      handled: 0,
      hungAgents: 0,
      get lastReceiveAt() {
        return clock.monotonic();
      },
    },
    metrics: async () => "",
  });
  const address = await server.start();
  if (!address) return ExitCode.config;
  page.start();
  const url = `http://${address.host}:${address.port}/`;
  if (typed.flag("json")) printJson({ url });
  else print(`console: ${url}   stop: Ctrl-C`);
  await new Promise((stopped) => process.once("SIGINT", stopped).once("SIGTERM", stopped));
  page.stop();
  await server.stop();
  return ExitCode.ok;
}
