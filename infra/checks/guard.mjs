/**
 * `guard.mjs FOLDER`: holds every template of a folder, under each of its variants, against AWS Control Tower's cfn-guard rules for ECS and SQS, and
 * prints what breaks them as JSON.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { readTemplate, settle, TEMPLATES } from "./template.ts";
import { VARIANTS } from "./variants.ts";

const PACKAGE = dirname(createRequire(import.meta.url).resolve("@cdklabs/cdk-validator-cfnguard/package.json"));
const SYSTEM = { linux: "ubuntu", darwin: "macos" }[process.platform];
const PROCESSOR = { x64: "x86_64", arm64: "aarch64" }[process.arch];
const SERVICES = ["ecs", "sqs"];

const GUARD = join(PACKAGE, "bin", String(SYSTEM), String(PROCESSOR), "cfn-guard");
chmodSync(GUARD, 0o755); // the package carries it without the right to be run

const rules = SERVICES.flatMap((service) => {
  const folder = join(PACKAGE, "rules", "control-tower", "cfn-guard", service);
  return readdirSync(folder).map((file) => join(folder, file));
});

/** The failed checks of one template file: `{ rule, resource, message }` each. */
function guard(file) {
  let output;
  const args = [
    "validate",
    "--data",
    file,
    "--rules",
    ...rules,
    "--structured",
    "--output-format",
    "json",
    "--show-summary",
    "none",
  ];
  try {
    output = execFileSync(GUARD, args, { encoding: "utf8", maxBuffer: 1e8 });
  } catch ({ status, stdout, stderr }) {
    if (status !== 19) throw new Error(`cfn-guard ended with ${status}: ${stderr}`); // 19: a rule is broken
    output = stdout;
  }
  return JSON.parse(output).flatMap(({ not_compliant }) =>
    not_compliant.map(({ Rule }) => {
      const found = JSON.stringify(Rule);
      return {
        rule: Rule.name,
        resource: /\/Resources\/(\w+)/.exec(found)?.[1],
        message: /\[CT[^"]*/.exec(found)?.[0] ?? "",
      };
    }),
  );
}

const infra = pathToFileURL(`${process.argv[2]}/`);
const findings = [];
for (const name of TEMPLATES) {
  const template = readTemplate(name, infra);
  for (const parameters of VARIANTS[name]) {
    const folder = mkdtempSync(join(tmpdir(), "queuehand-guard-"));
    try {
      const file = join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify(settle(template, parameters)));
      for (const { rule, resource, message } of guard(file))
        findings.push(`${name}.yaml ${resource}: ${rule}: ${message}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}
console.log(JSON.stringify([...new Set(findings)], undefined, 2));
