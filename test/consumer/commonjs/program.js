const { createWorker, defineHandler, loadConfig, Reject } = require("queuehand");

const agent = defineHandler({
  handle({ body }) {
    if (body.id !== "42") throw new Reject(`an unknown body: ${JSON.stringify(body)}`);
    setTimeout(() => worker.stop("the test has seen enough"), 0);
  },
});

const worker = createWorker(agent, loadConfig(process.env));
worker.run().then(({ exitCode }) => process.exit(exitCode));
