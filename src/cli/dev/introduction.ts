import type { Config } from "../../config/config.js";
import { maskedValue } from "../../text/masked.js";
import { printable } from "../../text/printable.js";
import { FAILING_EVERY, failingAmong } from "./samples.js";

/** The line to type to send a message of one's own. */
export const sendExample = (fifo: boolean) =>
  `npx queuehand send${fifo ? " --group group-1" : ""} '{"task_id":"42","data":{}}'`;

export interface Introduced {
  readonly endpoint: string;
  readonly queueName: string;
  readonly maxReceiveCount: number;
  /** HANDLER, or undefined for the sample agent. */
  readonly agent: string | undefined;
  readonly http: Config["http"];
  readonly messages: number | undefined;
  readonly perSecond: number | undefined;
  readonly bodies: readonly string[] | undefined;
}

/** What `dev` says of itself at its start. */
export function introduction(dev: Introduced): string {
  const { endpoint, queueName, maxReceiveCount, agent = "the sample agent, examples/task-agent.mjs", http } = dev;
  const lines = [
    `Queue server on ${endpoint} (in memory, loopback only); queue ${queueName}, dead letters in ${deadLettersOf(queueName)}.`,
    `Agent: ${printable(maskedValue(agent))}. A message that fails ${maxReceiveCount} times is a dead letter.`,
    sending(dev),
  ];
  if (dev.messages !== undefined) return lines.join("\n");
  if (http) lines.push(`console: ${address(http)} (and /livez, /readyz, /metrics)`);
  lines.push("", "Send a message of your own, from another terminal in this folder:", "");
  lines.push(`  ${sendExample(queueName.endsWith(".fifo"))}`, "", "Ctrl-C drains and stops.", "");
  return lines.join("\n");
}

/** Which port "any" was is known when it is open: the log says so then. */
function address({ host, port }: NonNullable<Config["http"]>): string {
  return port === 0 ? 'on a free port, which the line "health and metrics served" tells' : `http://${host}:${port}/`;
}

const deadLettersOf = (queueName: string) => queueName.replace(/(\.fifo)?$/, "-dlq$1");

function sending({ messages, perSecond, bodies, agent }: Introduced): string {
  // What an agent of one's own makes of them is its own affair.
  const fail = (count: number) => {
    const one = count === 1;
    if (agent === undefined) return one ? "fails on purpose" : "fail on purpose";
    return `${one ? "has" : "have"} an error_trigger, at which the sample agent fails`;
  };
  if (messages !== undefined) {
    const failing = failingAmong(messages);
    const sent = `Sending ${messages} message${messages === 1 ? "" : "s"}`;
    if (bodies || failing === 0) return `${sent}.`;
    return `${sent}; ${failing} of them ${fail(failing)}.`;
  }
  if (perSecond === undefined) return "Sending nothing by itself: --rate N makes it.";
  const failing = bodies ? "" : `, one in ${FAILING_EVERY} of which ${fail(1)}`;
  return `Sending ${perSecond} sample message${perSecond === 1 ? "" : "s"} a second${failing}.`;
}
