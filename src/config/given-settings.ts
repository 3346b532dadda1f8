import type { BudgetSpec, Uses } from "../pipeline/ports/budget.js";
import { maskedValue } from "../text/masked.js";
import { parseBudgets, parseUses } from "./budgets.js";
import { editDistance } from "./edit-distance.js";
import { faultOf, type HandlerSpec, handlerSpec, type SignatureSpec, signatureSpec } from "./setting-value.js";
import { boundsOf, type Command, fallbackOf, SETTINGS, type Setting, type SettingName } from "./settings.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings as an environment gives them, each checked for itself: a bad one has its fault told, and no value. */
export class GivenSettings {
  /** One sentence each, with value and bounds; names that resemble a setting's come first. */
  readonly faults: readonly string[];
  readonly #env: Environment;
  readonly #values = new Map<SettingName, string>();

  /** @param env variables by name; an empty value counts as unset. */
  constructor(
    env: Environment,
    readonly command: Command,
  ) {
    const faults = [...unknownNames(env)];
    for (const setting of SETTINGS as readonly Setting[]) {
      const value = env[setting.name] || fallbackOf(setting, command);
      const fault = value === undefined ? missing(setting, command) : faultOf(setting, value);
      if (fault) faults.push(fault);
      else if (value !== undefined) this.#values.set(setting.name as SettingName, value);
    }
    this.#env = env;
    this.faults = faults;
  }

  /** True if the environment says it, rather than a default. */
  isSet(name: SettingName): boolean {
    return Boolean(this.#env[name]);
  }

  /** A variable as it was typed, good or bad, without its secrets: to be told, not heeded. */
  typed(name: string): string | undefined {
    const value = this.#env[name];
    return value && maskedValue(value);
  }

  text(name: SettingName): string | undefined {
    return this.#values.get(name);
  }

  /** NaN when there is none. */
  number(name: SettingName): number {
    return Number(this.#values.get(name));
  }

  optionalNumber(name: SettingName): number | undefined {
    return this.#values.has(name) ? this.number(name) : undefined;
  }

  /** Of names with commas between them; undefined when unset. */
  list(name: SettingName): readonly string[] | undefined {
    return this.text(name)?.split(/\s*,\s*/);
  }

  get handler(): HandlerSpec | undefined {
    const text = this.text("HANDLER");
    return text === undefined ? undefined : handlerSpec(text);
  }

  get webhookSignature(): SignatureSpec | undefined {
    const text = this.text("WEBHOOK_SIGNATURE");
    return text === undefined ? undefined : signatureSpec(text);
  }

  get budgets(): readonly BudgetSpec[] {
    const parsed = parseBudgets(this.text("BUDGETS") ?? "");
    return "value" in parsed ? parsed.value : [];
  }

  /** What each message takes; undefined when unset. */
  get uses(): Uses | undefined {
    const text = this.text("USES");
    const parsed = text === undefined ? undefined : parseUses(text);
    return parsed && "value" in parsed ? parsed.value : undefined;
  }

  /** The base of the back-off and, if it is named, its longest, in seconds. */
  get backoff(): readonly [number, number?] | undefined {
    return this.text("RETRY_BACKOFF_SECONDS")?.split(",").map(Number) as [number, number?] | undefined;
  }
}

function missing(setting: Setting, command: Command): string | undefined {
  if (!setting.required?.includes(command)) return undefined;
  return `${setting.name} is missing: ${boundsOf(setting.shape)} is required`;
}

/** A name one slip away from a setting's would be ignored silently, and its owner would believe it heeded. */
function* unknownNames(env: Environment): Generator<string> {
  const known = new Set<string>(SETTINGS.map(({ name }) => name));
  for (const name of Object.keys(env)) {
    if (known.has(name) || !env[name] || !/^[A-Z]/.test(name)) continue;
    const nearest = SETTINGS.find((setting) => isSlipOf(setting.name, name));
    if (nearest)
      yield `${name} is not a setting, got ${JSON.stringify(maskedValue(env[name]))}; did you mean ${nearest.name}?`;
  }
}

/** One letter off, two in a longer name. */
function isSlipOf(name: string, typed: string): boolean {
  const allowed = name.length > 8 ? 2 : 1;
  return Math.abs(name.length - typed.length) <= allowed && editDistance(typed, name, allowed) <= allowed;
}
