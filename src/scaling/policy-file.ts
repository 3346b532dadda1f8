import { alarmOf, queryOf } from "./alarm-file.js";
import { MetricMathError } from "./metric-math.js";
import type {
  AdjustmentType,
  AlarmDefinition,
  Policy,
  ScalingDefinition,
  ScheduledChange,
  StepAdjustment,
} from "./policy.js";
import { Properties } from "./properties.js";
import { type Resource, readTemplate } from "./template.js";
import { TemplateError } from "./template-error.js";

/**
 * Reads the scaling of one ECS service from a CloudFormation template such as `infra/scaling.yaml`.
 * @param name how messages call the file: its path.
 * @param overrides values by parameter.
 * @throws TemplateError with every resource that can't be simulated and why; a policy is never guessed.
 */
export function readScalingTemplate(
  text: string,
  name: string,
  overrides: Readonly<Record<string, string>> = {},
): ScalingDefinition {
  const { resources } = readTemplate(text, name, overrides);
  const faults: string[] = [];
  /** Reads one resource; its fault joins the others, so that all are told at once. */
  const read = <T>(resource: Resource, reader: (properties: Properties) => T): T[] => {
    try {
      return [reader(new Properties(resource.properties, `${name}: ${resource.id}`))];
    } catch (error) {
      if (!(error instanceof TemplateError || error instanceof MetricMathError)) throw error;
      const told = error instanceof TemplateError ? error.faults : [`${name}: ${resource.id}: ${error.message}`];
      faults.push(...told);
      return [];
    }
  };
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  const alarms = ofType("AWS::CloudWatch::Alarm")
    .map((resource) => ({ resource, actions: actionsOf(resource) }))
    .filter(({ actions }) => actions.length > 0);
  const targets = ofType("AWS::ApplicationAutoScaling::ScalableTarget");
  const others =
    targets.length > 1 ? targets.filter((target) => target.properties.ScalableDimension !== DIMENSION) : [];
  const ours = ofType("AWS::ApplicationAutoScaling::ScalingPolicy").filter(
    ({ properties }) => !others.some(({ id }) => properties.ScalingTargetId === `<${id}>`),
  );
  const policies = ours.flatMap((resource) => {
    const invoking = alarms.filter(({ actions }) => namesOf(resource).some((name) => actions.includes(name)));
    return read(resource, (properties) =>
      policyOf(
        resource.id,
        properties,
        invoking.flatMap((alarm) => read(alarm.resource, (each) => alarmOf(alarm.resource.id, each))),
      ),
    );
  });
  const services = targets.filter((target) => !others.includes(target));
  if (services.length !== 1) faults.push(`${name}: one scalable service is simulated, got ${services.length}`);
  const bounds = services.slice(0, 1).flatMap((resource) => read(resource, boundsOf));
  if (faults.length > 0) throw new TemplateError(faults);
  return { name, ...bounds[0]!, policies };
}

/** What is scaled here; a template may scale a table or a function beside it. */
const DIMENSION = "ecs:service:DesiredCount";

/** What an alarm does; a list that only a deployment knows invokes no policy here. */
const actionsOf = ({ properties }: Resource) => [properties.AlarmActions ?? []].flat(2).map(String);

/** As alarms call a policy: both give its ARN. */
const namesOf = ({ id }: Resource) => [`<${id}>`, `<${id}.Arn>`];

function boundsOf(target: Properties): Pick<ScalingDefinition, "minTasks" | "maxTasks" | "scheduled"> {
  const dimension = target.text("ScalableDimension");
  if (dimension !== DIMENSION) throw target.fault(`${dimension} is not simulated`);
  const scheduled = target.list("ScheduledActions").map((action): ScheduledChange => {
    const change = action.part("ScalableTargetAction");
    return {
      name: action.text("ScheduledActionName"),
      schedule: action.text("Schedule"),
      minTasks: change.optionalNumber("MinCapacity"),
      maxTasks: change.optionalNumber("MaxCapacity"),
    };
  });
  const [minTasks, maxTasks] = [target.number("MinCapacity"), target.number("MaxCapacity")];
  if (minTasks > maxTasks) throw target.fault(`MinCapacity (${minTasks}) must not exceed MaxCapacity (${maxTasks})`);
  return { minTasks, maxTasks, scheduled };
}

function policyOf(id: string, policy: Properties, alarms: readonly AlarmDefinition[]): Policy {
  const type = policy.text("PolicyType");
  switch (type) {
    case "TargetTrackingScaling": {
      const tracking = policy.part("TargetTrackingScalingPolicyConfiguration");
      if (tracking.has("PredefinedMetricSpecification")) {
        const metric = tracking.part("PredefinedMetricSpecification").text("PredefinedMetricType");
        throw policy.fault(`target tracking on ${metric} is not simulated; nothing here knows a task's CPU or memory`);
      }
      return {
        kind: "targetTracking",
        name: id,
        query: queryOf(tracking.part("CustomizedMetricSpecification"), "Statistic"),
        target: tracking.number("TargetValue"),
        scaleOutCooldownSeconds: tracking.optionalNumber("ScaleOutCooldown") ?? COOLDOWN_SECONDS,
        scaleInCooldownSeconds: tracking.optionalNumber("ScaleInCooldown") ?? COOLDOWN_SECONDS,
        scaleInDisabled: tracking.has("DisableScaleIn") && tracking.choice("DisableScaleIn", BOOLEANS) === "true",
      };
    }
    case "StepScaling": {
      const step = policy.part("StepScalingPolicyConfiguration");
      if (alarms.length === 0) throw policy.fault("no alarm invokes this step policy");
      const thresholds = [...new Set(alarms.map(({ threshold }) => threshold))];
      if (thresholds.length > 1) {
        throw policy.fault(`steps count from one threshold, and its alarms have ${thresholds.join(" and ")}`);
      }
      return {
        kind: "step",
        name: id,
        alarms,
        adjustmentType: step.choice<AdjustmentType>("AdjustmentType", [
          "ChangeInCapacity",
          "PercentChangeInCapacity",
          "ExactCapacity",
        ]),
        steps: stepsOf(step),
        cooldownSeconds: step.optionalNumber("Cooldown") ?? COOLDOWN_SECONDS,
        minAdjustmentMagnitude: step.optionalNumber("MinAdjustmentMagnitude") ?? 0,
        aggregation: step.has("MetricAggregationType")
          ? step.choice("MetricAggregationType", ["Average", "Maximum", "Minimum"])
          : "Average",
      };
    }
    default:
      throw policy.fault(`a policy of type ${type} is not simulated`);
  }
}

const BOOLEANS = ["true", "false"] as const;

/** What Application Auto Scaling takes for an ECS service when a policy names none. */
const COOLDOWN_SECONDS = 300;

/** AWS takes at most so many steps in one policy. */
const STEPS_MAX = 20;

function stepsOf(policy: Properties): StepAdjustment[] {
  const steps = policy.list("StepAdjustments").map((step) => ({
    lower: step.optionalNumber("MetricIntervalLowerBound") ?? Number.NEGATIVE_INFINITY,
    upper: step.optionalNumber("MetricIntervalUpperBound") ?? Number.POSITIVE_INFINITY,
    adjustment: step.number("ScalingAdjustment"),
  }));
  if (steps.length === 0 || steps.length > STEPS_MAX) {
    throw policy.fault(`a step policy has between 1 and ${STEPS_MAX} steps, got ${steps.length}`);
  }
  steps.sort((a, b) => a.lower - b.lower);
  for (const [at, step] of steps.entries()) {
    if (step.lower >= step.upper) throw policy.fault(`the step from ${step.lower} to ${step.upper} is empty`);
    const next = steps[at + 1];
    if (next && next.lower !== step.upper) {
      throw policy.fault(`the step from ${step.lower} ends at ${step.upper}, and the next one begins at ${next.lower}`);
    }
  }
  return steps;
}
