import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { cruise, type ICruiseResult, type IForbiddenRuleType } from "dependency-cruiser";

/** Who may know whom in src/: for each place, the places besides itself that its files may import, types included. */
const MAY_KNOW: Record<string, readonly string[]> = {
  // What others import.
  "src/index.ts": ["src/worker/", "src/lambda.ts", "src/config/", "src/agents/", "src/pipeline/"],
  "src/agent.ts": ["src/agents/", "src/pipeline/"],
  "src/lambda.ts": ["src/config/", "src/agents/", "src/aws/", "src/pipeline/"],
  "src/cli.ts": ["src/cli/"],
  "src/cdk.ts": ["src/cdk/", "src/scaling/"],
  "src/cdk/": ["src/package/", "src/scaling/"],

  "src/cli/": [
    "src/worker/",
    "src/config/",
    "src/agents/",
    "src/aws/",
    "src/letters/",
    "src/console/",
    "src/observe/",
    "src/package/",
    "src/pipeline/",
    "src/scaling/",
    "src/text/",
    "src/tracing/",
  ],
  "src/worker/": [
    "src/config/",
    "src/agents/",
    "src/aws/",
    "src/letters/",
    "src/console/",
    "src/observe/",
    "src/package/",
    "src/pipeline/",
    "src/scaling/",
    "src/text/",
    "src/tracing/",
  ],
  "src/config/": ["src/pipeline/ports/", "src/text/"],
  "src/agents/": ["src/package/", "src/pipeline/", "src/text/", "src/tracing/"],
  "src/console/": ["src/observe/", "src/package/", "src/pipeline/", "src/text/"],
  "src/letters/": ["src/agents/", "src/aws/sqs/", "src/pipeline/", "src/text/"],
  "src/observe/": ["src/pipeline/", "src/text/", "src/tracing/"],
  "src/tracing/": ["src/pipeline/ports/"],
  "src/scaling/": [],

  // How what came from outside is told: everybody but the road may ask it.
  "src/text/": [],

  // Where the files are that this package starts by their paths.
  "src/package/": [],

  // Each service, and below all of them the way to AWS.
  "src/aws/sqs/": ["src/aws/wire/", "src/pipeline/"],
  "src/aws/dynamodb/": ["src/aws/wire/", "src/pipeline/"],
  "src/aws/ecs/": ["src/aws/wire/", "src/pipeline/"],
  "src/aws/cloudwatch/": ["src/aws/wire/", "src/pipeline/"],
  "src/aws/s3/": ["src/aws/wire/", "src/pipeline/"],
  "src/aws/sts/": ["src/aws/wire/", "src/pipeline/"],
  "src/aws/wire/": ["src/pipeline/ports/"],

  // The road, from the end of it that puts it together down to the ports.
  "src/pipeline/pipeline.ts": ["src/pipeline/"],
  "src/pipeline/drain.ts": [
    "src/pipeline/dispatch/",
    "src/pipeline/run/",
    "src/pipeline/settle/",
    "src/pipeline/poll/",
    "src/pipeline/lease/",
    "src/pipeline/ports/",
  ],
  "src/pipeline/dispatch/": [
    "src/pipeline/budget/",
    "src/pipeline/run/",
    "src/pipeline/settle/",
    "src/pipeline/poll/",
    "src/pipeline/lease/",
    "src/pipeline/ports/",
  ],
  "src/pipeline/run/": ["src/pipeline/poll/", "src/pipeline/lease/", "src/pipeline/ports/"],
  "src/pipeline/settle/": ["src/pipeline/poll/", "src/pipeline/lease/", "src/pipeline/ports/"],
  "src/pipeline/poll/": ["src/pipeline/lease/", "src/pipeline/ports/"],
  "src/pipeline/lease/": ["src/pipeline/ports/"],
  "src/pipeline/budget/": ["src/pipeline/ports/"],
  "src/pipeline/protect/": ["src/pipeline/ports/"],
  "src/pipeline/ports/": [],
};

/** Packages and built-in modules that one place alone may import. */
const PACKAGES: readonly IForbiddenRuleType[] = [
  {
    name: "only aws knows the SDK",
    from: { path: "^src/", pathNot: "^src/aws/" },
    to: { path: "(^|/)@(aws-sdk|smithy)/" },
  },
  {
    name: "only tracing knows OpenTelemetry",
    from: { path: "^src/", pathNot: "^src/tracing/" },
    to: { path: "(^|/)@opentelemetry/" },
  },
  {
    name: "only the construct knows the CDK",
    from: { path: "^src/", pathNot: "^src/cdk/" },
    to: { path: "(^|/)(aws-cdk-lib|constructs)/" },
  },
  {
    name: "the pipeline needs p-limit and nothing else",
    from: { path: "^src/pipeline/" },
    to: { pathNot: "^src/|(^|/)p-limit(/|$)" },
  },
  {
    name: "scaling needs a reader of templates and nothing else",
    from: { path: "^src/scaling/" },
    to: { pathNot: "^src/|(^|/)yaml(/|$)" },
  },
];

const pattern = (places: readonly string[]) =>
  `^(${places.map((place) => place.replaceAll(".", "\\.") + (place.endsWith("/") ? "" : "$")).join("|")})`;

const RULES: IForbiddenRuleType[] = [
  ...Object.entries(MAY_KNOW).map(([place, known]) => ({
    name: `${place} may know ${known.join(", ") || "nobody"}`,
    from: { path: pattern([place]) },
    to: { path: "^src/", pathNot: pattern([place, ...known]) },
  })),
  { name: "every file has a place", from: { path: "^src/", pathNot: pattern(Object.keys(MAY_KNOW)) }, to: {} },
  { name: "every import is found", from: {}, to: { couldNotResolve: true } },
  { name: "no circles", from: {}, to: { circular: true } },
  ...PACKAGES,
];

/** The arrows in the src folder of `baseDir`; the TypeScript compiler has no interface to be read through, swc has. */
async function arrows(baseDir: string): Promise<ICruiseResult> {
  const { output } = await cruise(["src"], {
    baseDir,
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    // As Node does it: some packages have no other way in than an import.
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["node", "import", "default"] },
    ruleSet: { forbidden: RULES },
    validate: true,
  });
  if (typeof output === "string") throw new Error(output);
  return output;
}

const broken = ({ summary }: ICruiseResult) =>
  summary.violations.map(({ rule, from, to }) => `${from} → ${to}, but ${rule.name}`);

describe("imports in src", () => {
  test("go only along the arrows of the house", async () => {
    const result = await arrows(process.cwd());
    expect(result.summary.totalCruised).toBeGreaterThan(Object.keys(MAY_KNOW).length);
    expect(broken(result)).toEqual([]);
  });
});

describe("the walk over the imports", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "queuehand-imports-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function source(files: Record<string, string>) {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  }

  test("sees an import of a type alone", async () => {
    await source({
      "src/pipeline/ports/queue.ts": 'import type { Sqs } from "../../aws/sqs/sqs.js";\nexport type Queue = Sqs;\n',
      "src/aws/sqs/sqs.ts": "export interface Sqs {}\n",
    });
    expect(broken(await arrows(folder))).toEqual([
      "src/pipeline/ports/queue.ts → src/aws/sqs/sqs.ts, but src/pipeline/ports/ may know nobody",
    ]);
  });

  test("sees a room of the road that knows one above it, and a service that knows another", async () => {
    await source({
      "src/pipeline/lease/lease.ts": 'import type { Poller } from "../poll/poller.js";\nexport type Lease = Poller;\n',
      "src/pipeline/poll/poller.ts": "export interface Poller {}\n",
      "src/aws/s3/payload.ts": 'import { name } from "../sqs/sqs.js";\nexport const payload = name;\n',
      "src/aws/sqs/sqs.ts": 'export const name = "sqs";\n',
    });
    expect(broken(await arrows(folder))).toEqual([
      "src/aws/s3/payload.ts → src/aws/sqs/sqs.ts, but src/aws/s3/ may know src/aws/wire/, src/pipeline/",
      "src/pipeline/lease/lease.ts → src/pipeline/poll/poller.ts, but src/pipeline/lease/ may know src/pipeline/ports/",
    ]);
  });

  test("sees a circle of types alone", async () => {
    await source({
      "src/scaling/autoscaler.ts":
        'import { Hpa } from "./hpa.js";\nexport interface Run {}\nexport const hpa = Hpa;\n',
      "src/scaling/hpa.ts": 'import type { Run } from "./autoscaler.js";\nexport class Hpa implements Run {}\n',
    });
    expect(broken(await arrows(folder))).toEqual(["src/scaling/autoscaler.ts → src/scaling/hpa.ts, but no circles"]);
  });

  test("sees a re-export and an import at run time", async () => {
    await source({
      "src/scaling/planner.ts": 'export * from "../config.js";\nexport const worker = import("../worker.js");\n',
      "src/config.ts": "export const config = 1;\n",
      "src/worker.ts": "export const worker = 1;\n",
    });
    expect(broken(await arrows(folder))).toEqual([
      "src/scaling/planner.ts → src/config.ts, but src/scaling/ may know nobody",
      "src/scaling/planner.ts → src/worker.ts, but src/scaling/ may know nobody",
    ]);
  });

  test("sees a file without a place, the SDK outside aws, and an import that leads nowhere", async () => {
    await source({
      "src/helpers.ts": 'import "./settings.js";\n',
      "src/settings.ts": "export {};\n",
      "src/observe/log.ts": 'import { SQSClient } from "@aws-sdk/client-sqs";\nexport const log = SQSClient;\n',
      "src/aws/gone.ts": 'import "./nowhere.js";\n',
    });
    expect(broken(await arrows(folder))).toEqual(
      expect.arrayContaining([
        "src/helpers.ts → src/settings.ts, but every file has a place",
        "src/observe/log.ts → @aws-sdk/client-sqs, but only aws knows the SDK",
        "src/aws/gone.ts → ./nowhere.js, but every import is found",
      ]),
    );
  });
});
