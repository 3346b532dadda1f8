// What a run takes of the budgets `model` (calls) and `model.tokens`.
import { Reject } from "queuehand";
import { ANSWER_TOKENS } from "./model.mjs";

export class Spent {
  #calls = 0;
  #tokens = 0;
  #lastTokens = 0;
  #context;

  /** @param context of the run, which began with one call and an estimate of its tokens (`uses`). */
  constructor(context) {
    this.#context = context;
  }

  /** Each call but the first is asked for, and waited for: the conversation so far is sent again, and answered. */
  async beforeCall() {
    if (this.#calls === 0) return;
    const { take } = this.#context;
    try {
      await take("model", 1);
      await take("model.tokens", this.#lastTokens + ANSWER_TOKENS);
    } catch (error) {
      if (error.name === "RangeError") throw new Reject(`the conversation has outgrown its budget: ${error.message}`);
      throw error;
    }
  }

  afterCall({ input, output }) {
    this.#calls++;
    this.#lastTokens = input + output;
    this.#tokens += this.#lastTokens;
    this.tell();
  }

  /** What it really was, so far: what was estimated and not taken is given back. */
  tell() {
    this.#context.took({ model: this.#calls, "model.tokens": this.#tokens });
  }
}
