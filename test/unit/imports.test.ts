import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { cruise, type ICruiseResult, type IForbiddenRuleType } from "dependency-cruiser";

/** Who may know whom in src/: for each place, the places besides itself that its files may import, types included. */
const MAY_KNOW: Record<string, readonly string[]> = {
  "src/index.ts": ["src/worker.ts", "src/lambda.ts", "src/config.ts", "src/agents/", "src/pipeline/"],
  "src/agent.ts": ["src/agents/", "src/pipeline/"],
  "src/cli.ts": ["src/cli/"],
  "src/cli/": [
    "src/worker.ts",
    "src/config.ts",
    "src/settings.ts",
    "src/edit-distance.ts",
    "src/agents/",
    "src/aws/",
    "src/console/",
    "src/observe/",
    "src/pipeline/",
    "src/scaling/",
  ],
  "src/worker.ts": [
    "src/config.ts",
    "src/extending.ts",
    "src/idempotency.ts",
    "src/intake.ts",
    "src/lifecycle.ts",
    "src/signals.ts",
    "src/start-report.ts",
    "src/watchers.ts",
    "src/agents/",
    "src/aws/",
    "src/console/",
    "src/observe/",
    "src/pipeline/",
    "src/scaling/",
  ],
  // Parts of the composition, each with one matter of its own.
  "src/watchers.ts": [
    "src/config.ts",
    "src/publishing.ts",
    "src/aws/",
    "src/console/",
    "src/observe/",
    "src/pipeline/",
  ],
  "src/publishing.ts": ["src/config.ts", "src/aws/", "src/observe/", "src/pipeline/", "src/scaling/"],
  "src/intake.ts": ["src/config.ts", "src/idempotency.ts", "src/agents/", "src/aws/", "src/pipeline/"],
  "src/extending.ts": ["src/config.ts", "src/idempotency.ts", "src/aws/", "src/pipeline/"],
  "src/idempotency.ts": ["src/config.ts", "src/agents/", "src/aws/", "src/pipeline/"],
  "src/lambda.ts": [
    "src/config.ts",
    "src/setting-value.ts",
    "src/settings.ts",
    "src/agents/",
    "src/aws/",
    "src/pipeline/",
  ],
  "src/signals.ts": [],
  "src/start-report.ts": ["src/config.ts", "src/pipeline/"],
  "src/lifecycle.ts": ["src/pipeline/"],
  "src/config.ts": ["src/contradictions.ts", "src/given-settings.ts", "src/setting-value.ts", "src/settings.ts"],
  "src/contradictions.ts": ["src/given-settings.ts", "src/settings.ts"],
  "src/given-settings.ts": ["src/edit-distance.ts", "src/setting-value.ts", "src/settings.ts"],
  "src/setting-value.ts": ["src/settings.ts", "src/pipeline/"],
  "src/settings.ts": [],
  "src/edit-distance.ts": [],
  "src/agents/": ["src/pipeline/"],
  "src/aws/": ["src/pipeline/"],
  "src/console/": ["src/pipeline/"],
  "src/observe/": ["src/pipeline/"],
  "src/pipeline/": [],
  "src/scaling/": [],
};

/** Packages and built-in modules that one place alone may import. */
const PACKAGES: readonly IForbiddenRuleType[] = [
  {
    name: "only aws knows the SDK",
    from: { path: "^src/", pathNot: "^src/aws/" },
    to: { path: "(^|/)@(aws-sdk|smithy)/" },
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
  { name: "no circles", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
  ...PACKAGES,
];

/** The arrows in the src folder of `baseDir`; the TypeScript compiler has no interface to be read through, swc has. */
async function arrows(baseDir: string): Promise<ICruiseResult> {
  const { output } = await cruise(["src"], {
    baseDir,
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
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
      "src/pipeline/poller.ts": 'import type { Sqs } from "../aws/sqs.js";\nexport type Poller = Sqs;\n',
      "src/aws/sqs.ts": "export interface Sqs {}\n",
    });
    expect(broken(await arrows(folder))).toEqual([
      "src/pipeline/poller.ts → src/aws/sqs.ts, but src/pipeline/ may know nobody",
    ]);
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
