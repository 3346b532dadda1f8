// Any endpoint that speaks as OpenAI's does: MODEL_URL ends before /chat/completions.
import { busyIf, Defer, Reject } from "queuehand";

const { MODEL_URL = "http://127.0.0.1:11434/v1", MODEL_NAME = "llama3.2", MODEL_KEY = "" } = process.env;
/** More of a call's body: `{"max_completion_tokens":800,"temperature":0}`. */
const MODEL_OPTIONS = JSON.parse(process.env.MODEL_OPTIONS || "{}");
/** A call that takes longer is given up; the run goes on to be tried again. */
const MODEL_TIMEOUT_MS = 1000 * Number(process.env.MODEL_TIMEOUT_SECONDS || 120);
/** US dollars for a million tokens. */
const { USD_IN = "0", USD_OUT = "0" } = process.env;
const MILLION = 1e6;

/** Of English and code a token is about four characters; what an answer takes is known afterwards. */
const CHARACTERS_A_TOKEN = 4;
export const ANSWER_TOKENS = 300;

/** Refused for what the deployment says (key, address, model), not for what the message does. */
const MISPLACED = new Set([401, 403, 404]);
const MISPLACED_WAIT_SECONDS = 60;
/** The conversation itself is refused, as it will be again. */
const REFUSED = new Set([400, 413, 422]);
/** Ends of an answer that is no whole one; a second try would end as the first. */
const CUT = { length: "was cut by its length", content_filter: "was withheld by the provider's filter" };

/** One turn: what the model says, and how many tokens that took. */
export async function askModel(messages, tools, signal) {
  const answer = busyIf("model", await post({ ...MODEL_OPTIONS, model: MODEL_NAME, messages, tools }, signal));
  const text = await answer.text();
  const said = `the model answered ${answer.status}: ${text.slice(0, 200)}`;
  if (REFUSED.has(answer.status)) throw new Reject(said);
  if (MISPLACED.has(answer.status)) throw new Defer(MISPLACED_WAIT_SECONDS, said);
  if (!answer.ok) throw new Error(said);
  return turnIn(text, JSON.stringify(messages).length);
}

export const tokensOf = (characters) => Math.ceil(characters / CHARACTERS_A_TOKEN);

export function costOf({ input, output }) {
  return Number(((input * Number(USD_IN) + output * Number(USD_OUT)) / MILLION).toFixed(6));
}

async function post(body, signal) {
  const headers = { "content-type": "application/json", ...(MODEL_KEY && { authorization: `Bearer ${MODEL_KEY}` }) };
  const timeout = AbortSignal.timeout(MODEL_TIMEOUT_MS);
  const init = { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.any([signal, timeout]) };
  try {
    return await fetch(`${MODEL_URL}/chat/completions`, init);
  } catch (error) {
    // Nobody is there: nothing that the message can help. An abort or a timeout is what it is.
    if (error.name === "TypeError") throw new Defer(undefined, `no model at MODEL_URL: ${error.cause ?? error}`);
    throw error;
  }
}

/** The turn, and what it took: servers that don't count tokens have them estimated. `cut` says why it is no whole one. */
function turnIn(text, charactersAsked) {
  const { choices, usage } = JSON.parse(text);
  const [{ message, finish_reason: reason } = {}] = choices ?? [];
  if (typeof message !== "object" || message === null) throw new Error("the model answered without a message");
  const input = usage?.prompt_tokens ?? tokensOf(charactersAsked);
  const output = usage?.completion_tokens ?? tokensOf(JSON.stringify(message).length);
  const refusal = message.refusal ? `is a refusal (${String(message.refusal).slice(0, 200)})` : undefined;
  return { message, input, output, cut: CUT[reason] ?? refusal };
}
