/**
 * A table of DynamoDB in memory, as a process of its own: UpdateItem alone, its condition and its update evaluated as
 * they come. `GET /stats` says how many calls there were, how many were refused by their condition, and how many keys were
 * at work at once at the most; `POST /reset` counts anew and keeps the items.
 */
import { createServer } from "node:http";

const TOKENS = /:\w+|#\w+|[A-Za-z_]\w*|<=|>=|<>|[=<>+\-(),]/g;
const BETWEEN = /([#\w]+) BETWEEN ([:\w]+) AND ([:\w]+)/g;
/** What a token of DynamoDB's expressions means here; all others mean themselves, or name a value or an attribute. */
const MEANINGS = { AND: "&&", OR: "||", NOT: "!", "=": "===", "<>": "!==" };
const FUNCTIONS = {
  attribute_exists: (value) => value !== undefined,
  attribute_not_exists: (value) => value === undefined,
  if_not_exists: (value, other) => value ?? other,
};
/** Between two assignments, not between a function's arguments. */
const ASSIGNMENTS_APART = /,(?![^(]*\))/;

const items = new Map();
const compiled = new Map();
let counts;
const atWork = new Set();

function reset() {
  counts = { calls: 0, refused: 0, atWorkMost: atWork.size };
}

/** An expression as a function of `at` (an attribute by its name) and `value` (by its placeholder); compiled once. */
function compile(expression) {
  let made = compiled.get(expression);
  if (!made) {
    const text = expression.replace(BETWEEN, "($1 >= $2 AND $1 <= $3)").replace(TOKENS, (token) => {
      if (token in MEANINGS) return MEANINGS[token];
      if (token in FUNCTIONS) return `functions.${token}`;
      if (token.startsWith(":")) return `value("${token}")`;
      return /^[#A-Za-z_]/.test(token) ? `at("${token}")` : token;
    });
    made = new Function("at", "value", "functions", `return ${text}`);
    compiled.set(expression, made);
  }
  return made;
}

const plain = (typed) => (typed === undefined ? undefined : "N" in typed ? Number(typed.N) : typed.S);
const typed = (value) => (typeof value === "number" ? { N: String(value) } : { S: value });

/** The item as it is after the call, or `{ refused }` with the item that stood in the way. */
function update({ Key, ...call }) {
  const { UpdateExpression, ConditionExpression, ExpressionAttributeNames: names = {} } = call;
  const id = Key.id.S;
  const item = items.get(id) ?? {};
  const at = (name) => plain(item[names[name] ?? name]);
  const value = (placeholder) => plain(call.ExpressionAttributeValues[placeholder]);
  const evaluate = (expression) => compile(expression)(at, value, FUNCTIONS);
  if (ConditionExpression && !evaluate(ConditionExpression)) return { refused: item };
  const changes = UpdateExpression.replace(/^SET /, "")
    .split(ASSIGNMENTS_APART)
    .map((assignment) => {
      const [, name, expression] = /^\s*([#\w]+)\s*=(.*)$/s.exec(assignment);
      return [names[name] ?? name, typed(evaluate(expression))];
    });
  const changed = Object.fromEntries(changes);
  const next = { ...item, ...Key, ...changed };
  items.set(id, next);
  if (plain(next.state) === "running" && plain(next.leaseUntil) > 0) atWork.add(id);
  else atWork.delete(id);
  counts.atWorkMost = Math.max(counts.atWorkMost, atWork.size);
  return { changed };
}

function answer(request, body) {
  if (request.url === "/stats") return [200, counts];
  if (request.url === "/reset") {
    reset();
    return [200, {}];
  }
  counts.calls += 1;
  const action = request.headers["x-amz-target"];
  if (!action?.endsWith(".UpdateItem")) {
    return [400, { __type: "com.amazon.coral.service#UnknownOperationException", message: `no action ${action}` }];
  }
  const { refused, changed } = update(JSON.parse(body));
  if (!refused) return [200, { Attributes: changed }];
  counts.refused += 1;
  const __type = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
  return [400, { __type, message: "The conditional request failed", Item: refused }];
}

reset();
const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    const [status, value] = answer(request, body);
    response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(value));
  });
});
server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
process.on("disconnect", () => process.exit());
