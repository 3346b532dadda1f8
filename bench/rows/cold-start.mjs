import { Contestant, controlOf, startServer } from "../contestant.mjs";

/** From the spawn of the process until the server sees its first ReceiveMessage; queuehand by its command line. */
export async function coldStart(name) {
  const server = await startServer("server.mjs");
  const control = controlOf(server);
  await control.reset({ mode: "queue" });
  const contestant = new Contestant(name, server.url, { CONCURRENCY: "10" });
  try {
    let at;
    await contestant.until("receive", async () => {
      at = (await control.stats()).firstReceiveAt;
      return at !== undefined;
    });
    return { firstReceiveMs: at - contestant.startedAt };
  } finally {
    await contestant.end();
    server.stop();
  }
}
