import { join } from "node:path";

const example = (file: string) => join(process.cwd(), "examples/llm-agent", file);
const AGENT_ENV = "MODEL_*,STATE,REPLY_URL,USD_*,TURNS_MAX,DOCUMENT_*,ANSWER_PREFIX,AWS_REGION,AWS_ENDPOINT_URL";

/** The ways in which examples/llm-agent runs, as settings. */
export const AS_MODULE = { HANDLER: example("agent.mjs") };
export const IN_PROCESSES = { HANDLER: example("agent.mjs"), ISOLATION: "process", AGENT_ENV };
export const asProgram = (python = "python3") => ({
  HANDLER: `exec:${python} ${example("agent.py")}`,
  USES: "model, model.tokens=200",
  AGENT_ENV,
});

export const chat = (id: string, prompt = "to be or not to be") => JSON.stringify({ id, prompt });

/** What the agent logged under `text`, whether a module by its log or a program by a line of its output. */
export function logged(output: string, text: string): Record<string, unknown>[] {
  const lines = output.split("\n").flatMap((line) => {
    const fields = parsed(line);
    return typeof fields.line === "string" ? [fields, parsed(fields.line)] : [fields];
  });
  return lines.filter(({ msg }) => msg === text);
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
