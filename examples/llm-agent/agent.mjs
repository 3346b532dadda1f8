// An agent on a language model. Body: {"id": "chat-42", "prompt": "..."}; see README.md beside it.
// BUDGETS="model=600/min*8, model.tokens=200000/min" is what the whole fleet may take of the model's provider.
import { defineHandler, Reject } from "queuehand";
import { askModel, costOf } from "./model.mjs";
import { StateFile } from "./state-file.mjs";
import { TOOLS, useTool } from "./tools.mjs";

const TURNS_MAX = 8;
/** Of English and code a token is about four characters; what an answer takes is known afterwards. */
const CHARACTERS_A_TOKEN = 4;
const ANSWER_TOKENS = 300;

const promptOf = (body) => (typeof body?.prompt === "string" ? body.prompt : "");
const estimate = ({ body }) => Math.ceil(promptOf(body).length / CHARACTERS_A_TOKEN) + ANSWER_TOKENS;

async function deliver(id, answer, signal) {
  const url = process.env.REPLY_URL;
  if (!url) return;
  // Whoever takes the answer knows by the key that it has it already.
  const headers = { "content-type": "application/json", "idempotency-key": id };
  const reply = await fetch(url, { method: "POST", headers, body: JSON.stringify({ id, answer }), signal });
  if (!reply.ok) throw new Error(`REPLY_URL answered ${reply.status}`);
}

async function handle(message, { log, signal, take, took, checkpoint }) {
  const { id } = message.body ?? {};
  const prompt = promptOf(message.body);
  if (typeof id !== "string" || !prompt) throw new Reject('the body needs "id" and "prompt"');

  // What an earlier run had of the conversation, when it was interrupted or its provider was busy.
  const file = new StateFile(process.env.STATE_DIR, id);
  const state = (await file.read()) ?? { messages: [{ role: "user", content: prompt }], turns: 0, input: 0, output: 0 };
  checkpoint(() => file.write(state));

  let calls = 0;
  let tokens = 0;
  while (state.turns < TURNS_MAX) {
    // The run began with one call; each further one is asked for, and waited for.
    if (calls > 0) await take("model", 1);
    const { message: said, usage } = await askModel(state.messages, TOOLS, signal);
    calls++;
    tokens += usage.total_tokens;
    took({ "model.tokens": tokens });
    state.messages.push(said);
    state.turns++;
    state.input += usage.prompt_tokens;
    state.output += usage.completion_tokens;
    for (const call of said.tool_calls ?? []) {
      state.messages.push({ role: "tool", tool_call_id: call.id, content: await useTool(call.function) });
    }
    await file.write(state);
    if (!said.tool_calls?.length) {
      await deliver(id, said.content, signal);
      await file.remove();
      const { turns, input, output } = state;
      log.info(
        { conversation: id, turns, inputTokens: input, outputTokens: output, usd: costOf(input, output) },
        "answered",
      );
      return;
    }
  }
  throw new Reject(`no answer after ${TURNS_MAX} turns`);
}

export default defineHandler({ uses: { model: 1, "model.tokens": estimate }, handle });
