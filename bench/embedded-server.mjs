/** The embedded server (fauxqs, a dependency of the root package) with one queue, as a process of its own. */
import { startFauxqs } from "fauxqs";

const server = await startFauxqs({ port: 0, logger: false });
const { queueUrl } = server.createQueue("bench");
process.send({ url: new URL(new URL(queueUrl).pathname, server.address).href });
process.on("disconnect", () => process.exit());
