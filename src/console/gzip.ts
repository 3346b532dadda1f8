import { promisify } from "node:util";

/** @param level of effort, 1 to 9. node:zlib is loaded when a page first asks: no start waits for it. */
export const gzip = (text: string | Buffer, level: number): Promise<Buffer> =>
  promisify<string | Buffer, { level: number }, Buffer>(process.getBuiltinModule("node:zlib").gzip)(text, { level });
