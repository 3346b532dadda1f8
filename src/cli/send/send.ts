import type { SqsClientOptions } from "../../aws/sqs/sqs-client.js";
import { SqsProducer } from "../../aws/sqs/sqs-producer.js";
import { Pace } from "../../letters/pace.js";
import { BATCH_MAX, QueueError } from "../../pipeline/ports/queue.js";
import { masked, maskedValue } from "../../text/masked.js";
import { printable } from "../../text/printable.js";
import { type CommandLine, parseCommandLine, type Typed, UsageError } from "../command-line.js";
import { Progress } from "../dlq/progress.js";
import { ExitCode } from "../exit-code.js";
import { CommandError } from "../failure.js";
import { printHelp } from "../help.js";
import { complain, print, printJson } from "../terminal.js";
import { LargeBodies } from "./large-bodies.js";
import { lineRanges } from "./line-ranges.js";
import { messageMaker } from "./message-maker.js";
import { type Sender, type SendTally, sendAll } from "./send-all.js";
import { checkSource, expected, messages } from "./source.js";
import { findTarget } from "./target.js";
import { traceToSend } from "./trace.js";

const COUNT_MAX = 1_000_000;
const RATE_MAX = 10_000;

const LINE: CommandLine = {
  name: "send",
  operands: "BODY|-",
  operandsMax: 1,
  about:
    "Sends messages to a queue: BODY as it is, the whole of stdin as one body (-), or each line of a file as one. A line that is longer than a message may be is left out and named; one that has no end is the end of it.\nThe queue is --queue-url, else SQS_QUEUE_URL, else that of the `queuehand dev` which runs in this folder or in one above it: dev leaves its address in a file of its own in the temporary folder while it runs.",
  options: [
    { name: "file", value: "PATH", meaning: "each line that isn't blank is one body; - reads the lines from stdin" },
    {
      name: "count",
      value: "N",
      meaning: `send N messages of each body (1..${COUNT_MAX}), numbered: {{n}} in a body becomes 1, 2, 3 ...; without it one of each, with the body as it is`,
    },
    { name: "rate", value: "N", meaning: `at most N messages a second (1..${RATE_MAX}; default: as fast as it goes)` },
    { name: "delay", value: "SECONDS", meaning: "hidden for so long at first (0..900); not on FIFO queues" },
    {
      name: "group",
      value: "ID",
      meaning:
        "message group: required on FIFO queues; on others the tenant, none of whom can hold up the rest; body:/POINTER takes it from each body",
    },
    {
      name: "dedup",
      value: "ID",
      meaning: "deduplication id on a FIFO queue, or body:/POINTER; without it each message gets one of its own",
    },
    { name: "attribute", value: "NAME=VALUE", many: true, meaning: "a string attribute; up to 10" },
    {
      name: "trace",
      value: "TRACEPARENT",
      meaning:
        "the trace that the messages are part of, as their traceparent attribute; new begins one, off writes none; without it what TRACEPARENT says",
    },
    {
      name: "large-bucket",
      value: "BUCKET[/PREFIX]",
      meaning:
        "what is larger than 1 MiB goes there, and a pointer to it to the queue, as Amazon's Extended Client Library sends it; the worker needs PAYLOAD_BUCKETS",
    },
    { name: "queue-url", value: "QUEUE", meaning: "instead of SQS_QUEUE_URL" },
  ],
  examples: [
    `queuehand send '{"task_id":"42","data":{}}'`,
    `queuehand send --count 100 '{"task_id":"{{n}}","data":{"work_ms":20}}'`,
    "queuehand send --file tasks.jsonl --rate 50 --group body:/tenant --attribute source=import",
    "jq -c . order.json | queuehand send - --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
  ],
  exits: [
    ["0", "every message was sent"],
    ["1", "some were not, or interrupted: each reason is told, with its lines; the others were sent"],
    ["64", "wrong command line"],
    ["69", "the queue is gone, forbidden, or can't be reached"],
    ["78", "no queue is named, or its URL, AWS_ENDPOINT_URL or a proxy is no URL"],
  ],
};

/** `queuehand send`. */
export async function send(argv: readonly string[]): Promise<number> {
  const typed = parseCommandLine(LINE, argv);
  if (typed.flag("help")) return printHelp(LINE);
  checkSource(typed);
  const count = typed.integer("count", 1, COUNT_MAX) ?? 1;
  const rate = typed.integer("rate", 1, RATE_MAX);
  const target = await findTarget(typed.text("queue-url"));
  const fifo = target.queueUrl.endsWith(".fifo");
  const trace = traceToSend(typed.text("trace"));
  const make = messageMaker(typed, fifo, trace);

  const producer = new SqsProducer(target);
  const { sender, close } = await withLargeBodies(producer, typed.text("large-bucket"), target);
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  const json = typed.flag("json");
  const total = await expected(typed, count);
  const progress = new Progress("sending", total ?? 0, json || total === undefined);
  try {
    const tally = await sendAll(sender, messages(typed, count, make), interrupted.signal, {
      ...(rate !== undefined && { pace: new Pace(rate), batchMax: Math.min(BATCH_MAX, rate) }),
      inOrder: fifo,
      onProgress: (ended) => progress.show(ended),
    });
    progress.end();
    const stopped = stoppedBy(tally);
    const queueUrl = maskedValue(target.queueUrl);
    if (json) {
      const { end, ...told } = tally;
      printJson({ ...told, stopped: stopped?.why ?? null, queueUrl, traceId: trace?.traceId ?? null });
    } else {
      tell(tally, stopped?.why, queueUrl, countedBy(typed, count));
      if (trace && typed.text("trace") !== undefined) print(`trace ${trace.traceId}`);
    }
    return stopped?.exitCode ?? (tally.failed > 0 ? ExitCode.failed : ExitCode.ok);
  } finally {
    progress.end();
    producer.close();
    close?.();
  }
}

/** Why not all was tried; undefined if it was. @throws what nobody expects. */
function stoppedBy({ end }: SendTally): { readonly why: string; readonly exitCode: number } | undefined {
  switch (end.kind) {
    case "all":
      return undefined;
    case "interrupted":
      return { why: "interrupted", exitCode: ExitCode.failed };
    case "failed":
      if (end.error instanceof QueueError)
        return { why: printable(masked(end.error.message)), exitCode: ExitCode.unavailable };
      if (end.error instanceof CommandError) return { why: end.error.message, exitCode: end.error.exitCode };
      throw end.error;
  }
}

/** The producer, and before it what puts large bodies aside, if that was asked for. */
async function withLargeBodies(
  producer: Sender,
  place: string | undefined,
  { queueUrl, region, endpoint, credentials }: SqsClientOptions,
): Promise<{ readonly sender: Sender; readonly close?: () => void }> {
  if (place === undefined) return { sender: producer };
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/|$)/.test(place)) {
    throw new UsageError(`--large-bucket must be the name of an S3 bucket, perhaps with /PREFIX, got "${place}"`);
  }
  const { S3Payloads } = await import("../../aws/s3/s3-payload.js");
  const { endpointOf, regionOf } = await import("../../aws/wire/region.js");
  const payloads = new S3Payloads({
    region: region ?? regionOf(queueUrl, process.env, endpointOf(process.env)),
    endpoint,
    credentials,
  });
  return { sender: new LargeBodies(producer, payloads, place), close: () => payloads.close() };
}

/** By what messages are told from each other; undefined where there is but one. */
function countedBy(typed: Typed, count: number): "line" | "message" | undefined {
  if (count > 1) return "message";
  return typed.text("file") === undefined ? undefined : "line";
}

/** @param one what is counted. */
function tell(tally: SendTally, stopped: string | undefined, queueUrl: string, one: string | undefined): void {
  const { sent, failed, unknown, messageIds, faults, failures, lastLine } = tally;
  const id = sent === 1 && messageIds[0] ? ` (id ${printable(messageIds[0])})` : "";
  print(`sent ${sent} message${sent === 1 ? "" : "s"} to ${queueUrl}${id}`);
  if (failed > unknown) complain(`queuehand send: ${failed - unknown} not sent`);
  if (unknown > 0) {
    complain(
      `queuehand send: of ${unknown} it isn't known whether the queue has them: sent again, they may be there twice`,
    );
  }
  for (const [detail, count] of Object.entries(faults)) {
    const lines = failures.filter((failure) => failure.detail === detail).map(({ line }) => line);
    const more = count > lines.length && lines.length > 0 ? `, ${count - lines.length} not named` : "";
    const which = one && lines.length > 0 ? ` (${one}${count === 1 ? "" : "s"} ${lineRanges(lines)}${more})` : "";
    complain(`  ${count} × ${printable(detail)}${which}`);
  }
  if (stopped === undefined) return;
  if (!Object.hasOwn(faults, stopped)) complain(`queuehand send: ${stopped}`);
  if (one) complain(lastLine > 0 ? `nothing after ${one} ${lastLine} was sent` : "nothing was sent");
}
