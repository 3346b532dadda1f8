import { afterAll, afterEach, beforeAll } from "@jest/globals";
import { containerSuite } from "./container-suite.js";
import { WorkerContainer, type WorkerContainerOptions } from "./image.js";
import { LocalStack, type QueuePair } from "./localstack.js";

/** What the tests of a suite have in common. */
export interface ImageBundle {
  /** Of this suite; not before its tests, or hooks of their own, run. */
  readonly localStack: LocalStack;
  /** A worker on `queue` with settings besides LocalStack's; it ends with its test. */
  startWorker(
    queue: QueuePair,
    environment?: Readonly<Record<string, string>>,
    options?: Omit<WorkerContainerOptions, "network">,
  ): Promise<WorkerContainer>;
}

/** Workers in containers of the built image on queues of a LocalStack of the suite's own. */
export function imageSuite(name: string, body: (bundle: ImageBundle) => void): void {
  containerSuite(name, () => {
    let localStack: LocalStack;
    beforeAll(async () => {
      localStack = await LocalStack.start();
    }, 180_000);
    const start = workersOfTests();
    body({
      get localStack() {
        return localStack;
      },
      startWorker: (queue, environment = {}, options = {}) => {
        const settings = { ...localStack.settings(queue), ...environment };
        // Beside a container it has that one's network.
        return start(settings, options.beside ? options : { ...options, network: localStack.network });
      },
    });
    // Behind the body's own, since what they started is in LocalStack's network.
    afterAll(() => localStack?.stop());
  });
}

/** How the tests of a suite start workers in containers that end with the test. */
export function workersOfTests(): typeof WorkerContainer.start {
  const workers: WorkerContainer[] = [];
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.remove()));
  });
  return async (...given) => {
    const worker = await WorkerContainer.start(...given);
    workers.push(worker);
    return worker;
  };
}
