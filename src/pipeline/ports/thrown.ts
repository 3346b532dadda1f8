/** What was thrown, in words: all of it is text, and none of it is long. */
export interface Thrown {
  /** The error's name; of what is no error, its type. */
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** AWS's id of the request that it is the answer of, or its cause; what their support asks for. */
  readonly requestId?: string;
  /** The innermost frames, one a line, without what stands above them in a stack. */
  readonly frames?: string;
  /** Without frames and a cause of its own: causes may form a circle. */
  readonly cause?: Thrown;
}

/** Enough to recognise a fault by; an error may quote what was worked on, and a log line is to hold it. */
const MESSAGE_MAX = 4_000;
const NAME_MAX = 100;
const FRAMES_MAX = 10;
const FRAME_MAX = 500;
/** A stack begins with the message again: of one longer than this, the frames are at the end. */
const STACK_TAIL = 65_536;
/** Members of an object that are told; a longer telling holds up everybody else, and nobody reads it. */
const MEMBERS_MAX = 1_000;
/** Of more digits than a number has its text takes time that others wait for. */
const BIGINT_MAX = 2n ** 1024n;

/**
 * Describes whatever was thrown, each message cut to `most` characters. Never throws: of agents, editors and listeners
 * come objects without a prototype, getters that throw, proxies, and errors whose message is no text.
 */
export function described(thrown: unknown, most = MESSAGE_MAX): Thrown {
  const told = toldOf(thrown, most);
  if (!isError(thrown)) return told;
  const frames = framesOf(read(thrown, "stack"));
  const cause = read(thrown, "cause");
  if (cause === undefined) return { ...told, ...(frames ? { frames } : {}) };
  const because = toldOf(cause, most);
  const requestId = told.requestId ?? because.requestId;
  return { ...told, ...(requestId ? { requestId } : {}), ...(frames ? { frames } : {}), cause: because };
}

/** The same in one line: `TypeError: no such field`, or of what is no error its text. Never throws. */
export function words(thrown: unknown): string {
  const { name, message } = toldOf(thrown, MESSAGE_MAX);
  if (!isError(thrown)) return message;
  return message ? `${name}: ${message}` : name;
}

/** Any value as text: strings as they are, objects as JSON. Never throws, and is cut to a length. */
export function textOf(value: unknown): string {
  return cut(whole(value), MESSAGE_MAX).toWellFormed();
}

/** Whether it is an error, also of another realm. Never throws: a proxy may have traps that do. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
  } catch {
    return false;
  }
}

/** A field of an object; undefined where it can't be read. */
export function read(of: object, name: string): unknown {
  try {
    return (of as Readonly<Record<string, unknown>>)[name];
  } catch {
    return undefined;
  }
}

/** `text`, with the number of characters left out where it is longer than `most`. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more)`;
}

function toldOf(thrown: unknown, most: number): Thrown {
  if (!isError(thrown)) return { name: typeof thrown, message: cut(whole(thrown), most).toWellFormed() };
  const name = read(thrown, "name");
  const message = read(thrown, "message") ?? "";
  const code = read(thrown, "code");
  return {
    name: typeof name === "string" && name !== "" ? cut(name, NAME_MAX).toWellFormed() : "Error",
    message: cut(whole(message), most).toWellFormed(),
    ...(typeof code === "string" ? { code: cut(code, NAME_MAX) } : {}),
    ...requestIdOf(thrown),
  };
}

/** As errors of the SDK have it, and those of our own wire. */
function requestIdOf(error: object): { requestId?: string } {
  const metadata = read(error, "$metadata");
  const requestId = typeof metadata === "object" && metadata !== null ? read(metadata, "requestId") : undefined;
  return typeof requestId === "string" ? { requestId: cut(requestId, NAME_MAX) } : {};
}

function framesOf(stack: unknown): string | undefined {
  if (typeof stack !== "string") return undefined;
  const frames = (stack.length > STACK_TAIL ? stack.slice(-STACK_TAIL) : stack)
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, FRAMES_MAX)
    .map((line) => cut(line.trim(), FRAME_MAX));
  return frames.length > 0 ? frames.join("\n") : undefined;
}

function whole(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "bigint":
      return value > -BIGINT_MAX && value < BIGINT_MAX ? String(value) : "a bigint of more than 300 digits";
    case "function":
      return "a function";
    case "object":
      return value === null ? "null" : jsonOf(value);
    default:
      return String(value);
  }
}

function jsonOf(value: object): string {
  let left = MEMBERS_MAX;
  try {
    if (isBytes(value)) return `${value.byteLength} bytes`;
    const json: unknown = JSON.stringify(value, (_name, member: unknown) => {
      if (left-- <= 0) throw new RangeError(`more than ${MEMBERS_MAX} members`);
      if (typeof member === "bigint") return whole(member);
      if (typeof member === "string") return cut(member, FRAME_MAX);
      return typeof member === "object" && member !== null ? withoutBytes(member) : member;
    });
    if (typeof json === "string") return json;
  } catch {
    // A circle, a getter or a toJSON that throws, a trap, too many members.
  }
  return "an object that can't be told in words";
}

const isBytes = ArrayBuffer.isView;

/** An object whose members that are bytes are told by their number: each byte of theirs would be made a member first. */
function withoutBytes(object: object): object {
  const members: unknown[] = Array.isArray(object) ? object.slice(0, MEMBERS_MAX + 1) : Object.values(object);
  if (!members.some(isBytes)) return object;
  const told = Object.entries(object).map(([name, member]: [string, unknown]) => [
    name,
    isBytes(member) ? `${member.byteLength} bytes` : member,
  ]);
  return Array.isArray(object) ? told.map(([, member]) => member) : Object.fromEntries(told);
}
