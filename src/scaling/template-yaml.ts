import { isMap, isScalar, isSeq, parseDocument, visit, YAMLMap } from "yaml";
import { TemplateError } from "./template-error.js";

export type Json = Readonly<Record<string, unknown>>;

/** A tag that the parser doesn't know is a function's short form to CloudFormation. */
const UNKNOWN_TAG = "TAG_RESOLVE_FAILED";

/** Functions without `Fn::` before their name. */
const BARE = ["Ref", "Condition"];

/**
 * Reads a template, YAML or JSON, and writes the short form of every function, whatever its name, as its long one.
 * @throws TemplateError naming the line that is no YAML, or that there are no resources.
 */
export function parseTemplate(text: string, name: string): Json {
  const document = parseDocument(text, { merge: true, logLevel: "error" });
  const [fault] = [...document.errors, ...document.warnings].filter(({ code }) => code !== UNKNOWN_TAG);
  if (fault) throw new TemplateError([`${name}: ${fault.message.split("\n")[0]}`]);
  visit(document, {
    Node(_, node) {
      if (!isScalar(node) && !isMap(node) && !isSeq(node)) return undefined;
      const [, tag] = /^!([^!].*)$/.exec(node.tag ?? "") ?? [];
      if (tag === undefined) return undefined;
      const call = new YAMLMap();
      call.set(BARE.includes(tag) ? tag : `Fn::${tag}`, node);
      // The call takes the node's place: it is what aliases mean, and the node in it is no function again.
      if (node.anchor !== undefined) call.anchor = node.anchor;
      delete node.anchor;
      delete node.tag;
      return call;
    },
  });
  const value: unknown = document.toJS();
  if (typeof value === "object" && value !== null && "Resources" in value) return value as Json;
  throw new TemplateError([`${name}: a CloudFormation template has Resources, and this has none`]);
}
