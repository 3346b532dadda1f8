/** A number at one period, or undefined where data are missing. */
type Value = number | undefined;

/** What an expression is evaluated in: one period. */
export interface MathScope {
  /** Start of the period, seconds. */
  readonly time: number;
  /** The value of another query of the same alarm, by its id. */
  read(id: string): Value;
}

/** A CloudWatch metric math expression, read once and evaluated for each period. */
export interface MathExpression {
  readonly text: string;
  /** Ids of the queries that it reads. */
  readonly ids: readonly string[];
  evaluate(scope: MathScope): Value;
}

/** An expression that can't be read; the message names the place. */
export class MetricMathError extends Error {
  override readonly name = "MetricMathError";
}

type Node = (scope: MathScope) => Value;

/** The operators, the loosest first. A comparison answers 1 or 0, as CloudWatch's does. */
const OPERATORS: readonly Readonly<Record<string, (a: number, b: number) => Value>>[] = [
  { OR: (a, b) => Number(a !== 0 || b !== 0), "||": (a, b) => Number(a !== 0 || b !== 0) },
  { AND: (a, b) => Number(a !== 0 && b !== 0), "&&": (a, b) => Number(a !== 0 && b !== 0) },
  {
    "<=": (a, b) => Number(a <= b),
    ">=": (a, b) => Number(a >= b),
    "==": (a, b) => Number(a === b),
    "!=": (a, b) => Number(a !== b),
    "<": (a, b) => Number(a < b),
    ">": (a, b) => Number(a > b),
  },
  { "+": (a, b) => a + b, "-": (a, b) => a - b },
  // A division by zero has no datapoint.
  { "*": (a, b) => a * b, "/": (a, b) => (b === 0 ? undefined : a / b) },
];

const FUNCTIONS: Readonly<
  Record<string, { arity: number; apply: (args: readonly Value[], scope: MathScope) => Value }>
> = {
  IF: { arity: 3, apply: ([test, yes, no]) => (test === undefined ? undefined : test !== 0 ? yes : no) },
  FLOOR: { arity: 1, apply: ([a]) => (a === undefined ? undefined : Math.floor(a)) },
  CEIL: { arity: 1, apply: ([a]) => (a === undefined ? undefined : Math.ceil(a)) },
  ABS: { arity: 1, apply: ([a]) => (a === undefined ? undefined : Math.abs(a)) },
  FILL: { arity: 2, apply: ([a, filling]) => a ?? filling },
  // Time functions answer for every period, also where their argument has no datapoint.
  EPOCH: { arity: 1, apply: (_, { time }) => time },
};

const TOKEN = /\s*(\d+(?:\.\d+)?|[A-Za-z]\w*|<=|>=|==|!=|&&|\|\||[-+*/<>(),])/y;

/**
 * Reads the part of metric math that one series needs: numbers, ids, the operators above and IF, FLOOR, CEIL, ABS,
 * FILL and EPOCH.
 * @throws MetricMathError for everything else.
 */
export function parseMetricMath(text: string): MathExpression {
  const tokens = tokensOf(text);
  const ids = new Set<string>();
  let at = 0;
  const fault = (what: string) => new MetricMathError(`${what} in the expression ${JSON.stringify(text)}`);
  const expect = (token: string) => {
    if (tokens[at] !== token) throw fault(`expected "${token}", got "${tokens[at] ?? "the end"}"`);
    at++;
  };

  function operation(level: number): Node {
    const operators = OPERATORS[level];
    if (!operators) return operand();
    let left = operation(level + 1);
    for (;;) {
      const apply = Object.hasOwn(operators, tokens[at] ?? "") ? operators[tokens[at]!] : undefined;
      if (!apply) return left;
      at++;
      const [first, second] = [left, operation(level + 1)];
      left = (scope) => {
        const [a, b] = [first(scope), second(scope)];
        return a === undefined || b === undefined ? undefined : apply(a, b);
      };
    }
  }

  function operand(): Node {
    const token = tokens[at++];
    if (token === undefined) throw fault('expected a value, got "the end"');
    if (token === "(") {
      const inner = operation(0);
      expect(")");
      return inner;
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (tokens[at] === "(") return call(token);
    if (!/^[a-z]/.test(token)) throw fault(`expected a value, got "${token}"`);
    ids.add(token);
    return (scope) => scope.read(token);
  }

  function call(name: string): Node {
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (!known) throw fault(`the function ${name} is not simulated`);
    const args: Node[] = [];
    do {
      at++;
      args.push(operation(0));
    } while (tokens[at] === ",");
    expect(")");
    if (args.length !== known.arity) throw fault(`${name} takes ${known.arity} arguments, got ${args.length}`);
    return (scope) =>
      known.apply(
        args.map((arg) => arg(scope)),
        scope,
      );
  }

  const evaluate = operation(0);
  if (at < tokens.length) throw fault(`unexpected "${tokens[at]}"`);
  return { text, ids: [...ids], evaluate };
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    tokens.push(match[1]!);
    end = TOKEN.lastIndex;
  }
  if (text.slice(end).trim() !== "") {
    throw new MetricMathError(`can't read "${text.slice(end).trim()}" in the expression ${JSON.stringify(text)}`);
  }
  return tokens;
}
