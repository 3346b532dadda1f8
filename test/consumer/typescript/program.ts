/** Every verb, a typed agent, and a worker that ends after its message. */
import {
  type Agent,
  type Config,
  createWorker,
  Defer,
  defineHandler,
  loadConfig,
  Reject,
  Retry,
  type Worker,
} from "queuehand";
import ordered, { type Order, plain } from "./agent.ts";

const config: Config = loadConfig(process.env);
const agent = defineHandler({
  decode: (raw): Order => JSON.parse(raw),
  async handle({ body, receiveCount, attributes }, { signal, log, deadline, extend, progress }) {
    const id: string = body.id;
    // @ts-expect-error: a body has its own type, not any
    body.nothing;
    if (id === "reject") throw new Reject("never");
    if (id === "retry") throw new Retry(5);
    if (id === "defer") throw new Defer(5, "later");
    extend(30);
    progress([receiveCount, Object.keys(attributes).length, deadline > Date.now(), signal.aborted].join(" "));
    log.info({ id }, "seen");
    setTimeout(() => worker.stop("the test has seen enough"), 0);
  },
});
const agents: Agent[] = [agent, ordered, plain];
const worker: Worker = createWorker(agents[0]!, config);
const { exitCode, summary } = await worker.run();
console.log(JSON.stringify({ exitCode, summary }));
process.exit(exitCode);
