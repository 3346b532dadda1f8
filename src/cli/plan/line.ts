import type { CommandLine } from "../command-line.js";
import { BUDGET_OPTION } from "../simulate/budget-option.js";
import { FLEET_OPTIONS } from "../simulate/fleet-options.js";

/** What `queuehand plan` takes. */
export const LINE: CommandLine = {
  name: "plan",
  about:
    "Sizes a fleet by Little's law: slots, tasks, quotas with the lines that raise them, subnets, the bill by part, for several " +
    "numbers of slots in a task and for Lambda. Prices are one dated table that --prices replaces. Needs no AWS account.",
  options: [
    { name: "rate", value: "N", meaning: "highest rate to serve, messages a second (default: 100)" },
    { name: "mean-rate", value: "N", meaning: "mean over the month, for the bill (default: the rate)" },
    ...FLEET_OPTIONS,
    BUDGET_OPTION,
    { name: "agent-memory", value: "MIB", meaning: "memory of one agent (default: 16)" },
    { name: "agent-cpu-seconds", value: "SECONDS", meaning: "CPU time of one message (default: 0.01)" },
    { name: "slots", value: "N", meaning: "CONCURRENCY to plan with (default: 20)" },
    { name: "target", value: "PERCENT", meaning: "TargetDemand: how full the fleet is to be (default: 100)" },
    { name: "services", value: "N", meaning: "services on the queue, at most 3 (default: 1)" },
    { name: "queue", value: "KIND", meaning: "standard, fair or fifo (default: standard)" },
    { name: "message-bytes", value: "N", meaning: "size of a message (default: 1000)" },
    { name: "calls-per-message", value: "N", meaning: "SQS calls of the worker a message (default: 0.21, measured)" },
    { name: "log-bytes", value: "N", meaning: "logged for each message (default: 0, as at LOG_LEVEL info)" },
    { name: "network", value: "WAY", meaning: "out of the VPC by nat, endpoints or public (default: nat)" },
    { name: "zones", value: "N", meaning: "availability zones, each with a subnet (default: 3)" },
    { name: "lambda-memory", value: "MIB", meaning: "memory of a Lambda that runs one agent (default: 128)" },
    { name: "out", value: "FILE", meaning: "writes parameters of infra/root.yaml as CloudFormation reads them" },
  ],
  examples: [
    "queuehand plan --rate 10000 --agent-seconds 3",
    "queuehand plan --rate 500 --mean-rate 120 --agent-seconds 30 --agent-memory 256 --memory 8192 --cpu 2048 --spot 0.7",
    "queuehand plan --rate 10000 --slots 50 --out params.json",
  ],
  exits: [
    ["0", "planned"],
    ["1", "a price table can't be read"],
    ["64", "wrong command line"],
  ],
};
