export default async function agent({ body }) {
  if (body.id !== "42") throw new Error(`an unknown body: ${JSON.stringify(body)}`);
  setTimeout(() => process.kill(process.pid, "SIGTERM"), 0);
}
