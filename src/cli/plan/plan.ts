import { writeFile } from "node:fs/promises";
import { type Plan, planFleet } from "../../scaling/plan.js";
import { parseCommandLine } from "../command-line.js";
import { ExitCode } from "../exit-code.js";
import { printHelp } from "../help.js";
import { print, printJson } from "../terminal.js";
import { LINE } from "./line.js";
import { type Order, orderOf } from "./order.js";
import { templateParameters } from "./parameters.js";
import { planReport } from "./report.js";

/** `queuehand plan`. */
export async function plan(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  const order = await orderOf(typed);
  const planned = planFleet(order.input);
  const parameters = templateParameters(order, planned);
  const out = typed.text("out");
  if (out) {
    const list = Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }));
    await writeFile(out, `${JSON.stringify(list, null, 2)}\n`);
  }
  if (typed.flag("json")) printJson(jsonOf(order, planned, parameters));
  else print(planReport(order, planned));
  return ExitCode.ok;
}

function jsonOf(order: Order, planned: Plan, parameters: Readonly<Record<string, string>>) {
  const { prices } = order.input;
  const chosen = planned.rows.find(({ slotsPerTask }) => slotsPerTask === order.slots)!;
  return { ...planned, chosen, parameters, prices: { date: prices.date, region: prices.region } };
}
