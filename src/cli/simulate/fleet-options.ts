import type { Architecture, TaskSize } from "../../scaling/task-price.js";
import type { Option, Typed } from "../command-line.js";
import { choiceOf } from "./choice.js";

/** What `simulate` and `plan` both ask about the tasks, and what runs in them. */
export const FLEET_OPTIONS: readonly Option[] = [
  { name: "agent-seconds", value: "SECONDS", meaning: "mean time of an agent (default: 3)" },
  { name: "start-seconds", value: "SECONDS", meaning: "from launch to the first receive (default: 45)" },
  { name: "spot", value: "SHARE", meaning: "share of tasks on Fargate Spot (default: 0)" },
  { name: "cpu", value: "UNITS", meaning: "CPU units of a task (default: 1024)" },
  { name: "memory", value: "MIB", meaning: "memory of a task (default: 2048)" },
  { name: "arch", value: "ARM64|X86_64", meaning: "architecture of a task (default: ARM64)" },
  { name: "prices", value: "FILE", meaning: "JSON table of prices that replaces the one inside" },
];

export interface FleetOptions {
  readonly agentSeconds: number;
  readonly startSeconds: number;
  /** 0..1 */
  readonly spotShare: number;
  readonly size: TaskSize;
}

/** @throws UsageError naming the option that is out of bounds. */
export function fleetOptionsOf(typed: Typed): FleetOptions {
  return {
    agentSeconds: typed.number("agent-seconds", 0.001, 43_200) ?? 3,
    startSeconds: typed.number("start-seconds", 0, 3600) ?? 45,
    spotShare: typed.number("spot", 0, 1) ?? 0,
    size: {
      architecture: choiceOf<Architecture>(typed, "arch", ["ARM64", "X86_64"], "ARM64"),
      cpuUnits: typed.integer("cpu", 256, 16_384) ?? 1024,
      memoryMiB: typed.integer("memory", 512, 122_880) ?? 2048,
    },
  };
}
