/** Sets variables of this process until it is disposed of, and unsets those that say which way calls to AWS go. */
export function environment(variables: Readonly<Record<string, string>>): Disposable {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) {
    if (/^AWS_|_PROXY$/i.test(name) || name === "NODE_USE_ENV_PROXY") delete process.env[name];
  }
  Object.assign(process.env, variables);
  return {
    [Symbol.dispose]() {
      for (const name of Object.keys(process.env)) delete process.env[name];
      Object.assign(process.env, before);
    },
  };
}
