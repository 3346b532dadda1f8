/** What an agent's process always gets of the worker's environment. */
const PASSED_ON = ["PATH", "HOME", "TMPDIR", "LANG", "TZ"];
/** Everything named so is meant for agents. */
const PASSED_PREFIX = "RUN_";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment of an agent's process: an allow-list, since the worker's own has its credentials. Nothing in it comes
 * from a message.
 * @param own the worker's environment.
 * @param asked further names to pass on; a name may end in `*`.
 */
export function agentEnvironment(own: Environment, asked: readonly string[]): Record<string, string> {
  const prefixes = asked.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  prefixes.push(PASSED_PREFIX);
  const names = new Set([...PASSED_ON, ...asked]);
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined) continue;
    if (names.has(name) || prefixes.some((prefix) => name.startsWith(prefix))) environment[name] = value;
  }
  return environment;
}
