import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { AgentRole, RoleCredentials } from "../../pipeline/ports/agent-role.js";
import type { WorkFolder } from "../process/work-folder.js";

/** Where a program finds its credentials. */
export const CREDENTIALS_DESCRIPTOR = 4;

/** Its length from the first, so that a file that is read while it is written anew has no tail of the other. */
const PAGE_BYTES = 4_096;
/** The SDKs ask for others when fewer than 15 minutes are left. */
const RENEW_BEFORE_MS = 16 * 60_000;
const PAUSE_MS = { min: 1_000, max: 3_600_000 };
const RETRY_MS = 60_000;

/** Prints what it reads twice the same: once in an hour the file is written anew. */
const READER = `# Prints the credentials that process $1 was given on descriptor ${CREDENTIALS_DESCRIPTOR}.
while one=$(cat "/proc/$1/fd/${CREDENTIALS_DESCRIPTOR}") && two=$(cat "/proc/$1/fd/${CREDENTIALS_DESCRIPTOR}"); do
  if [ "$one" = "$two" ]; then
    printf '%s\\n' "$one"
    exit
  fi
done
exit 1
`;
const READER_FILE = "aws-credentials";
const CONFIG_FILE = "aws-config";

/**
 * To be done by the shell that becomes the program, since only it knows that process's id before the program begins. SDKs
 * start the command that a profile names, mostly without the descriptors of their own.
 */
export const WRITE_AWS_CONFIG =
  'printf \'[default]\\ncredential_process = /bin/sh "%s" %s\\n\' "$QUEUEHAND_WORK_DIR/' +
  `${READER_FILE}" $$ >"$AWS_CONFIG_FILE"`;

export interface CredentialFileOptions {
  readonly role: AgentRole;
  readonly messageId: string;
  readonly folder: WorkFolder;
  /** Told when credentials that are about to end can't be made anew; another try follows a minute later. */
  readonly onFault: (error: Error) => void;
}

/**
 * The credentials of one run, for a descriptor of its program: a file without a name, in the shape that the SDKs expect of
 * a `credential_process`. It can be read again and again; the worker writes others into it before they end.
 */
export class CredentialFile {
  readonly #options: CredentialFileOptions;
  readonly #file: number;
  #bytes = PAGE_BYTES;
  #timer: NodeJS.Timeout | undefined;
  #forProgram: number | undefined;
  #closed = false;

  /** Rejects when the role can't be assumed, or there is no space. */
  static async make(options: CredentialFileOptions): Promise<CredentialFile> {
    const first = await options.role.credentialsFor(options.messageId);
    const made = new CredentialFile(options);
    try {
      options.folder.write(READER_FILE, READER);
      made.#put(first);
    } catch (error) {
      made.close();
      throw error;
    }
    return made;
  }

  private constructor(options: CredentialFileOptions) {
    this.#options = options;
    const path = join(options.folder.path, "credentials");
    this.#file = openSync(path, "wx", 0o600);
    this.#forProgram = openSync(path, "r");
    unlinkSync(path);
  }

  /** The worker's descriptor of it that the program is to inherit. */
  get descriptor(): number {
    return this.#forProgram!;
  }

  /** What a program's environment needs for the SDKs to find the credentials: nothing secret. */
  get environment(): Readonly<Record<string, string>> {
    return {
      AWS_CONFIG_FILE: join(this.#options.folder.path, CONFIG_FILE),
      // What this user has at home is not meant.
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    };
  }

  /** To be called when the program has been started. */
  handedOver(): void {
    if (this.#forProgram !== undefined) closeSync(this.#forProgram);
    this.#forProgram = undefined;
  }

  /** Ends the renewal. Harmless when repeated. */
  close(): void {
    clearTimeout(this.#timer);
    this.handedOver();
    if (!this.#closed) closeSync(this.#file);
    this.#closed = true;
  }

  #put(credentials: RoleCredentials): void {
    const text = Buffer.from(`${JSON.stringify(asProcessOutput(credentials))}\n`);
    this.#bytes = Math.max(this.#bytes, Math.ceil(text.length / PAGE_BYTES) * PAGE_BYTES);
    writeSync(this.#file, Buffer.concat([text, Buffer.alloc(this.#bytes - text.length, "\n")]), 0, this.#bytes, 0);
    const goodMs = credentials.expiration.getTime() - Date.now();
    this.#renewIn(Math.max(goodMs - RENEW_BEFORE_MS, goodMs / 4));
  }

  #renewIn(ms: number): void {
    const pause = Math.min(PAUSE_MS.max, Math.max(PAUSE_MS.min, ms));
    this.#timer = setTimeout(() => void this.#renew(), pause);
  }

  async #renew(): Promise<void> {
    const { role, messageId, onFault } = this.#options;
    try {
      const next = await role.credentialsFor(messageId);
      if (!this.#closed) this.#put(next);
    } catch (error) {
      if (this.#closed) return;
      onFault(error as Error);
      this.#renewIn(RETRY_MS);
    }
  }
}

function asProcessOutput({ accessKeyId, secretAccessKey, sessionToken, expiration }: RoleCredentials) {
  return {
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: expiration.toISOString(),
  };
}
