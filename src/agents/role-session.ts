import type { AgentRole, RoleCredentials } from "../pipeline/ports/agent-role.js";

/** Credentials are made anew when they are good for no longer than this; the SDKs do so too. */
const RENEW_BEFORE_MS = 300_000;
/** Whoever asks so soon after a failure is given the same answer: an agent in a loop must not flood STS. */
const FAILURE_KEPT_MS = 1_000;

/** The credentials of one run: made with the first call, kept, and made anew when they are about to end. */
export class RoleSession {
  readonly #role: AgentRole;
  readonly #messageId: string;
  #current: Promise<RoleCredentials> | undefined;
  #renewAt = Number.NEGATIVE_INFINITY;

  constructor(role: AgentRole, messageId: string) {
    this.#role = role;
    this.#messageId = messageId;
  }

  /** Rejects when the role can't be assumed. */
  credentials(): Promise<RoleCredentials> {
    if (!this.#current || Date.now() >= this.#renewAt) {
      this.#renewAt = Number.POSITIVE_INFINITY;
      this.#current = this.#make();
    }
    return this.#current;
  }

  async #make(): Promise<RoleCredentials> {
    try {
      const made = await this.#role.credentialsFor(this.#messageId);
      this.#renewAt = made.expiration.getTime() - RENEW_BEFORE_MS;
      return made;
    } catch (error) {
      this.#renewAt = Date.now() + FAILURE_KEPT_MS;
      throw error;
    }
  }
}
