/** ELF's numbers of the machines that Node runs on. */
const MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183, ia32: 3, arm: 40, s390x: 22, ppc64: 21 };
const WIDE = 2;
const LITTLE = 1;
const SEGMENT_LOADED = 1;

export function isElf(head: Buffer): boolean {
  return head.toString("latin1", 0, 4) === "\u007fELF";
}

/**
 * Why an ELF file can't run here: it is for another machine, or ends before what is to be loaded does.
 * @param head its first bytes; what they don't reach isn't looked at.
 * @param size of the whole file, in bytes.
 * @returns words that continue the sentence "the program ...", or undefined.
 */
export function elfFault(head: Buffer, size: number): string | undefined {
  const wide = head[4] === WIDE;
  const little = head[5] === LITTLE;
  const number = (at: number, bytes: number) => (little ? head.readUIntLE(at, bytes) : head.readUIntBE(at, bytes));
  // Of eight bytes the two highest are 0: no file is that long.
  const long = (at: number) => (wide ? number(at + (little ? 0 : 2), 6) : number(at, 4));
  const short = `is cut short: of the file there are ${size} bytes`;
  if (head.length < 20) return short;

  const machine = number(18, 2);
  const own = MACHINES[process.arch];
  if (own !== undefined && machine !== own) {
    const built = Object.entries(MACHINES).find(([, code]) => code === machine)?.[0] ?? `ELF ${machine}`;
    return `is built for another machine (${built}; this one is ${process.arch})`;
  }
  if (head.length < (wide ? 64 : 52)) return short;
  const table = long(wide ? 32 : 28);
  const entryBytes = number(wide ? 54 : 42, 2);
  const entries = number(wide ? 56 : 44, 2);
  if (table + entries * entryBytes > size) return short;
  for (let at = table; at < table + entries * entryBytes && at + 56 <= head.length; at += entryBytes) {
    if (number(at, 4) !== SEGMENT_LOADED) continue;
    if (long(at + (wide ? 8 : 4)) + long(at + (wide ? 32 : 16)) > size) return short;
  }
  return undefined;
}
