import type { PayloadPointer, PayloadRead, PayloadStore } from "../../src/pipeline/ports/payload.js";

/** Payloads in memory, with what went wrong on request. */
export class MemoryPayloads implements PayloadStore {
  readonly objects = new Map<string, string>();
  readonly reads: string[] = [];
  closed = false;
  /** What the next reads say instead. */
  answer: PayloadRead | undefined;
  /** A read waits for it, or for its signal. */
  pause: Promise<void> | undefined;
  /** What writes reject with. */
  writeFails: Error | undefined;
  /** What removals reject with. */
  removalFails: Error | undefined;
  /** Removals wait for it. */
  removalPause: Promise<void> | undefined;

  put(bucket: string, key: string, body: string): this {
    this.objects.set(`${bucket}/${key}`, body);
    return this;
  }

  async read({ bucket, key }: PayloadPointer, bytesMax: number, signal: AbortSignal): Promise<PayloadRead> {
    this.reads.push(`${bucket}/${key}`);
    if (this.pause) {
      const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      await Promise.race([this.pause, aborted]);
    }
    if (signal.aborted) return { kind: "unavailable", detail: (signal.reason as Error).message };
    if (this.answer) return this.answer;
    const body = this.objects.get(`${bucket}/${key}`);
    if (body === undefined) return { kind: "missing" };
    const bytes = Buffer.byteLength(body);
    return bytes > bytesMax ? { kind: "tooLarge", bytes } : { kind: "read", body };
  }

  async write({ bucket, key }: PayloadPointer, body: string): Promise<void> {
    if (this.writeFails) throw this.writeFails;
    this.objects.set(`${bucket}/${key}`, body);
  }

  async remove({ bucket, key }: PayloadPointer): Promise<void> {
    await this.removalPause;
    if (this.removalFails) throw this.removalFails;
    this.objects.delete(`${bucket}/${key}`);
  }

  close(): void {
    this.closed = true;
  }
}
