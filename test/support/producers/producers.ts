import { JAVA } from "./java.js";
import { OTHERS } from "./others.js";
import { PYTHON } from "./python.js";

export type { ProducerMessage } from "./producer-message.js";

/** A message of each producer that is known. */
export const PRODUCERS = [...PYTHON, ...JAVA, ...OTHERS];
