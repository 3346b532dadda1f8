import type { SeriesName } from "../api-history.js";
import { count, duration } from "./words.js";

interface Line {
  readonly name: SeriesName;
  readonly label: string;
  readonly color: string;
  readonly dash?: true;
}

export interface Plot {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly lines: readonly Line[];
  readonly tell: (value: number) => string;
}

export const PLOTS: readonly Plot[] = [
  {
    id: "flow",
    title: "Arrivals and ends",
    help: "Messages received, and deliveries settled by outcome, in each step.",
    lines: [
      { name: "received", label: "received", color: "--soft", dash: true },
      { name: "done", label: "done", color: "--done" },
      { name: "retry", label: "failed", color: "--retry" },
      { name: "reject", label: "rejected", color: "--reject" },
      { name: "defer", label: "deferred", color: "--defer" },
      { name: "interrupted", label: "interrupted", color: "--interrupted" },
      { name: "leaseLost", label: "lease lost", color: "--leaseLost" },
    ],
    tell: count,
  },
  {
    id: "backlog",
    title: "Backlog",
    help: "Messages in the queue by state; known only while somebody looks, where SQS has to be asked.",
    lines: [
      { name: "waiting", label: "waiting", color: "--accent" },
      { name: "inFlight", label: "in flight", color: "--defer" },
      { name: "delayed", label: "delayed", color: "--retry" },
      { name: "deadLetters", label: "dead", color: "--bad" },
    ],
    tell: count,
  },
  {
    id: "times-plot",
    title: "Times",
    help: "Event to done at the first receive, in queue, and agent.",
    lines: [
      { name: "firstTryP50", label: "event to done p50", color: "--accent" },
      { name: "firstTryP99", label: "event to done p99", color: "--accent", dash: true },
      { name: "inQueueP50", label: "in queue p50", color: "--retry" },
      { name: "inQueueP99", label: "in queue p99", color: "--retry", dash: true },
      { name: "agentP50", label: "agent p50", color: "--defer" },
      { name: "agentP99", label: "agent p99", color: "--defer", dash: true },
    ],
    tell: duration,
  },
  {
    id: "slots-plot",
    title: "Slots and tasks",
    help: "Slots with an agent in them, of all there are; tasks on this queue.",
    lines: [
      { name: "busy", label: "busy slots", color: "--accent" },
      { name: "slots", label: "slots", color: "--soft", dash: true },
      { name: "buffered", label: "buffered", color: "--retry" },
      { name: "tasks", label: "tasks", color: "--defer" },
    ],
    tell: count,
  },
];
