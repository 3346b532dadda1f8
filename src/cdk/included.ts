import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Aws, type CfnResource } from "aws-cdk-lib";
import { CfnInclude } from "aws-cdk-lib/cloudformation-include";
import { Construct } from "constructs";
import { packageFile } from "../package/own-files.js";
import { type Parameters, settled } from "./settled.js";

/** A template of `infra/` in a stack of the user's: the same resources, with the parameters that were given. */
export class IncludedTemplate extends Construct {
  readonly #included: CfnInclude;

  /**
   * @param of whose name the resources have after the stack's.
   * @throws TemplateError naming every parameter that isn't right, and every rule that is broken.
   */
  constructor(of: Construct, template: string, parameters: Parameters) {
    super(of, `${template[0]!.toUpperCase()}${template.slice(1)}`);
    const file = packageFile(join("infra", `${template}.yaml`));
    if (file === undefined) throw new Error(`infra/${template}.yaml is missing: install queuehand anew`);
    const stackName = `${Aws.STACK_NAME}-${of.node.id}`;
    const json = JSON.stringify(settled(readFileSync(file, "utf8"), `${template}.yaml`, parameters, stackName));
    const folder = mkdtempSync(join(tmpdir(), "queuehand-cdk-"));
    try {
      const templateFile = join(folder, `${template}.json`);
      writeFileSync(templateFile, json);
      // Several services may be in one stack, each with ids of its own.
      this.#included = new CfnInclude(this, "Resources", { templateFile, preserveLogicalIds: false });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** @throws Error where the parameters leave it out. */
  resource(id: string): CfnResource {
    return this.#included.getResource(id);
  }

  attribute(id: string, name: string): string {
    return this.resource(id).getAtt(name).toString();
  }
}
