/**
 * `nag.mjs FOLDER`: holds every template of a folder, under each of its variants, against cdk-nag's AwsSolutions pack, and prints what it finds as
 * JSON. A finding that a resource's own Metadata suppresses, with a reason, is none; a suppression that suppresses
 * nothing is one.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { App, Stack } from "aws-cdk-lib";
import { CfnInclude } from "aws-cdk-lib/cloudformation-include";
import { AwsSolutionsChecks } from "cdk-nag";
import { readTemplate, settle, TEMPLATES } from "./template.ts";
import { VARIANTS } from "./variants.ts";

const infra = pathToFileURL(`${process.argv[2]}/`);

/** What the pack says of one settled template: `{ id, resource, detail }` each. */
function nag(template, parameters, folder) {
  const file = join(folder, "template.json");
  writeFileSync(file, JSON.stringify(settle(template, parameters)));
  const app = new App({ analyticsReporting: false });
  const stack = new Stack(app, "Checked", { env: { region: "us-east-1", account: "000000000000" } });
  new CfnInclude(stack, "T", { templateFile: file });
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  return violations.flatMap(({ ruleName, description, violatingResources }) =>
    violatingResources.map(({ constructPath }) => ({
      id: ruleName,
      resource: constructPath.split("/").at(-1),
      detail: description,
    })),
  );
}

const findings = [];
for (const name of TEMPLATES) {
  const template = readTemplate(name, infra);
  const used = new Set();
  for (const parameters of VARIANTS[name]) {
    const folder = mkdtempSync(join(tmpdir(), "queuehand-nag-"));
    try {
      for (const finding of nag(template, parameters, folder)) {
        const rules = template.Resources[finding.resource]?.Metadata?.cdk_nag?.rules_to_suppress ?? [];
        const reason = rules.find(({ id }) => id === finding.id)?.reason;
        if (reason) used.add(`${finding.resource} ${finding.id}`);
        else findings.push(`${name}.yaml ${finding.resource}: ${finding.id}: ${finding.detail}`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  for (const [resource, { Metadata }] of Object.entries(template.Resources)) {
    for (const { id } of Metadata?.cdk_nag?.rules_to_suppress ?? []) {
      if (!used.has(`${resource} ${id}`)) findings.push(`${name}.yaml ${resource}: ${id} is suppressed and not found`);
    }
  }
}
console.log(JSON.stringify([...new Set(findings)], undefined, 2));
