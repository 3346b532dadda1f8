/** Credentials of a role that an agent has for itself, never the worker's. They end at `expiration`. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** The port to the role that AGENT_ROLE_ARN names. */
export interface AgentRole {
  /**
   * Credentials for the run on one message: a session named and tagged with the message's id. Each call makes new ones,
   * good for an hour (the most that AWS grants a role that assumes another). Rejects when the role can't be assumed.
   */
  credentialsFor(messageId: string): Promise<RoleCredentials>;
  close(): void;
}
