/** Prices in US dollars. `source` says where each came from: B = third-party page, K = known, not looked up. */
export interface Prices {
  /** Day on which the table was written, ISO 8601. */
  readonly date: string;
  readonly region: string;
  readonly fargate: {
    readonly ARM64: { readonly vcpuHour: number; readonly gbHour: number };
    readonly X86_64: { readonly vcpuHour: number; readonly gbHour: number };
    /** Share of the on-demand price that Spot costs. */
    readonly spotShare: number;
  };
  readonly sqs: {
    readonly standardMillion: number;
    readonly fifoMillion: number;
    readonly fairSurchargeMillion: number;
  };
  readonly cloudwatch: {
    readonly metricMonth: number;
    readonly putThousand: number;
    readonly logsGb: number;
    readonly alarmMonth: number;
    readonly highResolutionAlarmMonth: number;
  };
  readonly network: {
    readonly natHour: number;
    readonly natGb: number;
    readonly endpointHour: number;
    readonly endpointGb: number;
  };
  readonly lambda: { readonly ARM64GbSecond: number; readonly X86_64GbSecond: number; readonly requestMillion: number };
}

/** us-east-1. Fargate, SQS and CloudWatch: third-party pages of February to June 2026; the rest: known, not looked up. */
export const PRICES: Prices = {
  date: "2026-11-23",
  region: "us-east-1",
  fargate: {
    ARM64: { vcpuHour: 0.03238, gbHour: 0.00356 },
    X86_64: { vcpuHour: 0.04048, gbHour: 0.004445 },
    spotShare: 0.3,
  },
  sqs: { standardMillion: 0.4, fifoMillion: 0.5, fairSurchargeMillion: 0.1 },
  cloudwatch: { metricMonth: 0.3, putThousand: 0.01, logsGb: 0.5, alarmMonth: 0.1, highResolutionAlarmMonth: 0.3 },
  network: { natHour: 0.045, natGb: 0.045, endpointHour: 0.01, endpointGb: 0.01 },
  lambda: { ARM64GbSecond: 0.0000133334, X86_64GbSecond: 0.0000166667, requestMillion: 0.2 },
};

/** A price table that can't be used; each fault names the price. */
export class PricesError extends Error {
  override readonly name = "PricesError";
}

/**
 * Reads a table that replaces PRICES: JSON of the same shape, whole, so that no old price hides in a new table.
 * @throws PricesError naming what is missing, unknown or no price.
 */
export function parsePrices(json: string, name: string): Prices {
  let table: unknown;
  try {
    table = JSON.parse(json);
  } catch (error) {
    throw new PricesError(`${name}: ${(error as Error).message}`);
  }
  const faults: string[] = [];
  compare(PRICES, table, "", faults);
  if (faults.length > 0) throw new PricesError(faults.map((fault) => `${name}: ${fault}`).join("\n"));
  return table as Prices;
}

function compare(model: unknown, given: unknown, path: string, faults: string[]): void {
  if (typeof model !== "object" || model === null) {
    const good = typeof model === "number" ? typeof given === "number" && given >= 0 : typeof given === typeof model;
    if (!good) {
      const bounds = typeof model === "number" ? "a number not below 0" : "a text";
      faults.push(`${path} must be ${bounds}, got ${JSON.stringify(given) ?? "nothing"}`);
    }
    return;
  }
  if (typeof given !== "object" || given === null) {
    faults.push(`${path || "the table"} is missing`);
    return;
  }
  const join = (key: string) => (path ? `${path}.${key}` : key);
  for (const key of Object.keys(given)) if (!Object.hasOwn(model, key)) faults.push(`${join(key)} is no known price`);
  for (const [key, value] of Object.entries(model)) {
    compare(value, (given as Record<string, unknown>)[key], join(key), faults);
  }
}
