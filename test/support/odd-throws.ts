/** An error with fields of the test's own, as a verb of another copy of the package is. */
const named = (name: string, fields: object, message = "x") => Object.assign(new Error(message), { name }, fields);

const withField = (name: string, value: unknown) => Object.assign(new Error("x"), { [name]: value });

const withGetter = (name: string, of: object = new Error("x")) =>
  Object.defineProperty(of, name, {
    get() {
      throw new Error("getter");
    },
  });

const trap = () => {
  throw new Error("trap");
};

const nullProto = (fields: object = {}) => Object.assign(Object.create(null), fields) as object;

const circle = () => {
  const object: Record<string, unknown> = {};
  object.self = object;
  return object;
};

const withCause = (cause: unknown) => new Error("x", { cause });

const ownCause = () => {
  const error = new Error("x");
  error.cause = error;
  return error;
};

const deep = (levels: number) => {
  let object = {};
  for (let level = 0; level < levels; level++) object = { object };
  return object;
};

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const LONG = 1_000_000;
const ALL_TRAPS = { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap };

/**
 * Whatever JavaScript lets an agent throw, by name: each makes one anew. An agent that throws one of these but the
 * verbs that are as they should be has failed: a retry, which nobody else notices.
 */
export const ODD_THROWS: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  nothing: () => "",
  false: () => false,
  nan: () => Number.NaN,
  symbol: () => Symbol("s"),
  bigint: () => 10n,
  longBigint: () => 2n ** 100_000n,
  aFunction: () => () => 1,
  aClass: () => class {},
  bytes: () => new Uint8Array(LONG),
  date: () => new Date(Number.NaN),
  promise: () => Promise.resolve(),
  nullProto: () => nullProto(),
  nullProtoFields: () => nullProto({ code: 5 }),
  toStringThrows: () => ({ toString: trap }),
  toPrimitiveThrows: () => ({ [Symbol.toPrimitive]: trap }),
  toJsonThrows: () => ({ toJSON: trap, toString: trap }),
  toJsonUndefined: () => ({ toJSON: () => undefined }),
  tagThrows: () => withGetter(Symbol.toStringTag as unknown as string, {}),
  circle,
  deep: () => deep(20_000),
  wide: () => Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`k${n}`, "v"])),
  trappedProxy: () => new Proxy({}, ALL_TRAPS),
  trappedError: () => new Proxy(new Error("x"), ALL_TRAPS),
  trappedMessage: () =>
    new Proxy(new Error("x"), {
      get: (error, name) => (name === "message" || name === "name" ? trap() : Reflect.get(error, name)),
    }),
  revokedProxy: revoked,
  messageGetter: () => withGetter("message"),
  nameGetter: () => withGetter("name"),
  stackGetter: () => withGetter("stack"),
  causeGetter: () => withGetter("cause"),
  codeGetter: () => withGetter("code"),
  messageObject: () => withField("message", { status: 500, errors: ["a"] }),
  messageNullProto: () => withField("message", nullProto()),
  messageUndefined: () => withField("message", undefined),
  messageNull: () => withField("message", null),
  messageNumber: () => withField("message", 42),
  messageSymbol: () => withField("message", Symbol("m")),
  nameObject: () => withField("name", { a: 1 }),
  nameNullProto: () => withField("name", nullProto()),
  nameSymbol: () => withField("name", Symbol("n")),
  stackObject: () => withField("stack", nullProto()),
  stackNumber: () => withField("stack", 5),
  toStringOfErrorThrows: () => withField("toString", trap),
  causeOwn: ownCause,
  causeNullProto: () => withCause(nullProto()),
  causeMessageObject: () => withCause(withField("message", { a: 1 })),
  aggregate: () => new AggregateError([new Error("a"), nullProto()], "both"),
  longMessage: () => new Error("x".repeat(LONG)),
  longText: () => "y".repeat(LONG),
  loneSurrogates: () => new Error("\ud800 bad \udfff"),
  escapes: () => new Error("\u001b]0;owned\u0007\u001b[2J\r\nfake: line\u202e \u0000"),
  retryNan: () => named("Retry", { seconds: Number.NaN }),
  retryNegative: () => named("Retry", { seconds: -5 }),
  retryHuge: () => named("Retry", { seconds: 1e12 }),
  retryInfinity: () => named("Retry", { seconds: Number.POSITIVE_INFINITY }),
  retryText: () => named("Retry", { seconds: "60" }),
  retryNull: () => named("Retry", { seconds: null }),
  deferNan: () => named("Defer", { seconds: Number.NaN }),
  deferNegative: () => named("Defer", { seconds: -1 }),
  deferBigint: () => named("Defer", { seconds: 5n }),
  deferMessageObject: () => named("Defer", { seconds: 1, message: { a: 1 } }),
  rejectObject: () => named("Reject", { message: { why: "bad" } }),
  rejectNumber: () => named("Reject", { message: 7 }),
  rejectSymbol: () => named("Reject", { message: Symbol("r") }),
  rejectNull: () => named("Reject", { message: null }),
};
