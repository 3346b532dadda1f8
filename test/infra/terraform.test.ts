import { readFileSync } from "node:fs";
import { parse } from "@cdktn/hcl2json";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { readTemplate } from "../../infra/checks/template.js";

const INFRA = new URL("../../../infra/", import.meta.url);
const FILES = ["main.tf", "variables.tf", "outputs.tf"];
const root = readTemplate("root", INFRA);

type Blocks = Record<string, Record<string, unknown>[]>;
interface Module {
  readonly locals: readonly { nested: string }[];
  readonly resource: Record<string, Blocks>;
  readonly variable: Blocks;
  readonly output: Blocks;
}

describe("the Terraform module", () => {
  let module: Module;
  beforeAll(async () => {
    const parts = await Promise.all(
      FILES.map((file) => parse(file, readFileSync(new URL(`terraform/${file}`, INFRA), "utf8"))),
    );
    module = Object.assign({}, ...parts) as Module;
  });

  test("is written in Terraform's language, and has a stack of all", () => {
    expect(Object.keys(module.resource).sort()).toEqual([
      "aws_cloudformation_stack",
      "aws_s3_bucket",
      "aws_s3_bucket_public_access_block",
      "aws_s3_object",
    ]);
    expect(Object.keys(module.variable).sort()).toEqual(["image", "name", "parameters"]);
    const [stack] = module.resource.aws_cloudformation_stack!.this!;
    expect(stack).toMatchObject({ capabilities: ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"] });
    expect(String(stack!.parameters)).toContain("Image = var.image");
  });

  test("puts every template that root.yaml nests into the bucket, and no other", () => {
    const nested = [...module.locals[0]!.nested.matchAll(/"(\w+)"/g)].map(([, name]) => `${name}.yaml`);
    const used = Object.values(root.Resources).map(({ Properties }) => String(Properties!.TemplateURL));
    expect(nested.sort()).toEqual([...new Set(used)].sort());
  });

  test("makes an address of every path in root.yaml, by a pattern that leaves all else alone", () => {
    const [object] = module.resource.aws_s3_object!.root!;
    const [, written, by] = /replace\(.*?, "\/(.+?)\/", "(.+?)"\)/.exec(String(object!.content))!;
    const pattern = new RegExp(written!.replaceAll("\\\\", "\\"), "g");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own
    const address = by!.replace("${local.address}", "https://bucket/1");
    const text = root.text.replace(pattern, address);
    expect(text).not.toMatch(/TemplateURL: [a-z]+\.yaml/);
    expect(text.match(/TemplateURL: https:\/\/bucket\/1\/[a-z]+\.yaml/g)).toHaveLength(
      Object.keys(root.Resources).length,
    );
    expect(text.replaceAll("https://bucket/1/", "")).toBe(root.text);
  });

  test("tells the outputs that the stack has", () => {
    const [output] = module.output.outputs!;
    for (const name of Object.keys(root.Outputs ?? {})) expect(output!.description).toContain(name);
  });
});
