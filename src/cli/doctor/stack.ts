import { examineStack, type StackReport } from "../../aws/ecs/service-stack.js";
import type { ServiceName, ServiceSize, WorkerContainer } from "../../aws/ecs/stack-calls.js";
import { endpointOf, regionOf } from "../../aws/wire/region.js";
import type { Config } from "../../config/config.js";
import { QUOTAS, raiseCommand } from "../../scaling/quotas.js";
import { UsageError } from "../command-line.js";
import { permission } from "./access.js";
import { bad, type Finding, ok, warn } from "./finding.js";

/** What ECS grants where the task definition says nothing, and at most. */
const STOP_TIMEOUT_DEFAULT = 30;
const STOP_TIMEOUT_MOST = 120;
/** After the drain: the agent's `stop`, the last metrics, the last lines. */
const AFTER_DRAIN_SECONDS = 5;

const CODES = {
  onDemandVcpus: QUOTAS.onDemandVcpus.code,
  spotVcpus: QUOTAS.spotVcpus.code,
  tasksPerService: QUOTAS.tasksPerService.code,
};

/** @throws UsageError when `typed` isn't CLUSTER/SERVICE, or their ARNs' ends. */
export function serviceNamed(typed: string | undefined): ServiceName | undefined {
  if (typed === undefined) return undefined;
  const [, cluster, service] = /^(?:arn:[^/]+:service\/)?([\w-]+)\/([\w-]+)$/.exec(typed) ?? [];
  if (!cluster || !service) throw new UsageError(`--service must be CLUSTER/SERVICE, got "${typed}"`);
  return { cluster, service };
}

/** What can be read of the stack around the worker: of `service`, else of the own task; nothing outside ECS. */
export async function askStack(config: Config, service: ServiceName | undefined): Promise<StackReport | undefined> {
  return examineStack({
    service,
    env: process.env,
    region: regionOf(config.queueUrl, process.env, endpointOf(process.env)),
    quotas: CODES,
    protection: config.taskProtection === "auto",
  });
}

/** Whether the stack fits the worker: stop timeout × drain, ceiling × quotas, and the right to protect the task. */
export function stackFindings(config: Config, report: StackReport | undefined): Finding[] {
  if (!report) return [];
  const { about, container, size, quotas, trials } = report;
  return [
    container.ok ? stopFinding(config, about, container.value) : unread(report, container.detail),
    ...(size?.ok === false ? [unreadSize(about, size.detail)] : []),
    ...(size?.ok && container.ok ? [sizeFinding(about, size.value, container.value, quotas)].flat() : []),
    ...trials.map(permission),
  ];
}

function stopFinding(config: Config, of: string, { name, stopTimeoutSeconds, environment }: WorkerContainer): Finding {
  const about = "stop timeout";
  const set = Number(environment.SHUTDOWN_TIMEOUT_SECONDS || config.shutdownTimeoutSeconds);
  const granted = stopTimeoutSeconds ?? STOP_TIMEOUT_DEFAULT;
  const source = stopTimeoutSeconds === undefined ? " (ECS's default, as the task definition sets none)" : "";
  const text = `ECS kills container ${name} of ${of} ${granted} s after SIGTERM${source}`;
  const mend =
    set + AFTER_DRAIN_SECONDS <= STOP_TIMEOUT_MOST
      ? `set its stopTimeout to ${set + AFTER_DRAIN_SECONDS} or more (${STOP_TIMEOUT_MOST} at most)`
      : `set its stopTimeout to ${STOP_TIMEOUT_MOST}`;
  const advice = `${mend}, or SHUTDOWN_TIMEOUT_SECONDS to ${Math.max(1, granted - AFTER_DRAIN_SECONDS)} or less`;
  if (set > granted) return bad(about, `${text}, before its drain of up to ${set} s has ended`, advice);
  if (set + AFTER_DRAIN_SECONDS > granted) {
    return warn(about, `${text}, its drain may take ${set} s: ${granted - set} s are left to end`, advice);
  }
  return ok(about, `${text}, its drain takes ${set} s at most`);
}

function unread({ about }: StackReport, detail: string): Finding {
  return warn(
    "stop timeout",
    `the task definition of ${about} could not be read (${detail}): stopTimeout isn't checked`,
    "permit ecs:DescribeTaskDefinition and ecs:DescribeServices, or ask from elsewhere with --service CLUSTER/SERVICE",
  );
}

function unreadSize(about: string, detail: string): Finding {
  const text = `how many tasks ${about} may have could not be read (${detail})`;
  return warn("tasks", text, "permit application-autoscaling:DescribeScalableTargets to whoever asks");
}

function sizeFinding(
  of: string,
  size: ServiceSize,
  { vcpus }: WorkerContainer,
  quotas: StackReport["quotas"],
): Finding | Finding[] {
  const about = "tasks";
  const tasks = size.ceiling ?? size.desired;
  const named =
    size.ceiling === undefined
      ? `the ${tasks} tasks that ${of} wants (nothing scales it)`
      : `${tasks} tasks, the ceiling of ${of},`;
  if (!quotas?.ok) {
    const detail = quotas?.detail ?? "not asked";
    const text = `${named} could not be held against the account's quotas (${detail})`;
    return warn(about, text, "permit servicequotas:GetServiceQuota to whoever asks");
  }
  const onDemand = Math.min(tasks, size.onDemandBase + Math.ceil((tasks - size.onDemandBase) * (1 - size.spotShare)));
  const needs = [
    [QUOTAS.tasksPerService, tasks, quotas.value.tasksPerService],
    [QUOTAS.onDemandVcpus, onDemand * (vcpus ?? 0), quotas.value.onDemandVcpus],
    [QUOTAS.spotVcpus, (tasks - onDemand) * (vcpus ?? 0), quotas.value.spotVcpus],
  ] as const;
  const lacking = needs.flatMap(([quota, need, has]) =>
    has === undefined || need <= has
      ? []
      : [
          bad(
            about,
            `${named} need ${need} ${quota.name}, the account has ${has}`,
            raiseCommand(quota, need) ?? "ask for more",
          ),
        ],
  );
  if (lacking.length > 0) return lacking;
  const cpu = vcpus === undefined ? "" : ` with ${onDemand * vcpus} of ${quotas.value.onDemandVcpus} on-demand vCPUs`;
  return ok(about, `${named} fit the account's quotas${cpu}`);
}
