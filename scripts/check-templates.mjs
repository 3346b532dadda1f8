/**
 * Checks the templates in infra/ with the tools that the trade has for it, installing those first:
 *
 *   node scripts/check-templates.mjs [lint] [nag] [guard] [--infra FOLDER] [--json] [--help]
 *
 * Exits 0 if nothing was found, 1 if something was, 69 if a tool can't be had on this machine (the reason is printed).
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ROOT, run } from "./test/command.mjs";

const HELP = `Usage: node scripts/check-templates.mjs [lint] [nag] [guard] [--infra FOLDER] [--json]

  lint   cfn-lint: the CloudFormation schema; no errors and no warnings (a Python package, into a virtual environment)
  nag    cdk-nag's AwsSolutions pack (npm packages, into infra/checks)
  guard  AWS Control Tower's cfn-guard rules for ECS and SQS (the same packages)

  --infra FOLDER  checks the templates there; infra/ unless told otherwise
  --json          prints {"findings": [...]}, or {"cannot": reason}`;

const CFN_LINT = "1.58.0";
const VENV = join(ROOT, "node_modules", ".cache", `cfn-lint-${CFN_LINT}`);
const CHECKS = join(ROOT, "infra", "checks");
const INSTALL_TIMEOUT_MS = 180_000;
const CHECK_TIMEOUT_MS = 120_000;
/** Exit code for a tool that can't be had (EX_UNAVAILABLE). */
const UNAVAILABLE = 69;

/** A tool that isn't there and can't be installed. */
class Unavailable extends Error {}

async function install(command, what) {
  const { code, output } = await run(command, { timeoutMs: INSTALL_TIMEOUT_MS });
  if (code !== 0)
    throw new Unavailable(`${what}: ${output.trim().split("\n").at(-1) || `${command[0]} ended with ${code}`}`);
}

async function lint(infra) {
  const tool = join(VENV, "bin", "cfn-lint");
  if (!existsSync(tool)) {
    await install(["python3", "-m", "venv", VENV], "no Python virtual environment can be made");
    const pip = [
      join(VENV, "bin", "pip"),
      "install",
      "--quiet",
      "--disable-pip-version-check",
      `cfn-lint==${CFN_LINT}`,
    ];
    await install(pip, "cfn-lint can't be installed");
  }
  const { code, output } = await run([tool, "--format", "json", "--", join(infra, "*.yaml")], {
    timeoutMs: CHECK_TIMEOUT_MS,
  });
  const found = output.slice(output.indexOf("["));
  if (!found.startsWith("[")) throw new Error(`cfn-lint ended with ${code}: ${output}`);
  return JSON.parse(found).map(
    ({ Filename, Location, Rule, Message }) => `${Filename}:${Location.Start.LineNumber}: ${Rule.Id} ${Message}`,
  );
}

async function ofPackages(script, infra) {
  if (!existsSync(join(CHECKS, "node_modules", ".package-lock.json"))) {
    const npm = ["npm", "ci", "--prefix", CHECKS, "--ignore-scripts", "--no-audit", "--no-fund"];
    await install(npm, "the packages of infra/checks can't be installed");
  }
  const { code, output } = await run(["node", join(CHECKS, script), infra], { timeoutMs: CHECK_TIMEOUT_MS });
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${output}`);
  return JSON.parse(output);
}

const TOOLS = {
  lint,
  nag: (infra) => ofPackages("nag.mjs", infra),
  guard: (infra) => ofPackages("guard.mjs", infra),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { infra: { type: "string" }, json: { type: "boolean" }, help: { type: "boolean" } },
});
const unknown = positionals.filter((name) => !(name in TOOLS));

if (values.help) {
  console.log(HELP);
} else if (unknown.length > 0) {
  console.error(`a check must be one of ${Object.keys(TOOLS).join(", ")}, got "${unknown.join('", "')}"`);
  process.exitCode = 64;
} else {
  const infra = resolve(values.infra ?? join(ROOT, "infra"));
  const names = positionals.length > 0 ? positionals : Object.keys(TOOLS);
  for (const name of names) {
    try {
      const findings = await TOOLS[name](infra);
      if (findings.length > 0) process.exitCode ??= 1;
      if (values.json) console.log(JSON.stringify({ check: name, findings }));
      else console.log(findings.length === 0 ? `${name}: nothing found` : `${name}:\n  ${findings.join("\n  ")}`);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      process.exitCode = UNAVAILABLE;
      if (values.json) console.log(JSON.stringify({ check: name, cannot: error.message }));
      else console.log(`${name}: can't run: ${error.message}`);
    }
  }
}
