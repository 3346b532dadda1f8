import type { Socket, TcpNetConnectOpts } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { cutError, type HttpTarget, timeoutError } from "../http-calls.js";
import { AnswerReader, type ReadAnswer } from "./answer-reader.js";
import { malformed } from "./malformed.js";

export interface ConnectionEvents {
  /** Of an earlier connection to the same host: it saves a round trip of TLS. */
  readonly session: Buffer | undefined;
  readonly onSession: (session: Buffer) => void;
  readonly onClose: () => void;
}

interface Waiting {
  readonly resolve: (answer: ReadAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** A connection is left alone so long before the server said that it would close it. */
const KEEP_ALIVE_SLACK_MS = 1_000;

/** All connections of a thread read into this one: what came is taken out before the next one reads. */
const received = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * One connection, for one call at a time. Reads and writes HTTP/1.1 as far as AWS's JSON protocol needs it, at half the CPU
 * that node:http takes for it (docs/decisions/051).
 */
export class Connection {
  readonly #socket: Socket;
  #waiting: Waiting | undefined;
  /** Of the running call's answer, or of the one that failed. */
  #reader = new AnswerReader();
  #answers = 0;
  #isOpen = true;
  /** On performance.now()'s clock. */
  #idleUntil = Number.POSITIVE_INFINITY;

  constructor(target: HttpTarget, { session, onSession, onClose }: ConnectionEvents) {
    this.#socket = this.#connected(target, session);
    const { connectTimeoutMs } = target;
    const late = () => this.destroy(timeoutError(`no connection after ${connectTimeoutMs} ms`));
    const timer = setTimeout(late, connectTimeoutMs);
    const done = () => clearTimeout(timer);
    this.#socket
      .once(target.secure ? "secureConnect" : "connect", done)
      .on("session", onSession)
      .on("error", (error) => this.destroy(error))
      .on("end", () => this.#ended())
      .once("close", () => {
        done();
        this.destroy(cutError("socket hang up"));
        onClose();
      });
  }

  /** Whether another call may be made on it. */
  get isUsable(): boolean {
    return this.#isOpen && performance.now() < this.#idleUntil;
  }

  /** Whether an earlier call was answered on it, so that the server may have closed it since. */
  get wasUsed(): boolean {
    return this.#answers > 0;
  }

  /** Whether anything of the answer had come to a call that failed. */
  get hasBegun(): boolean {
    return this.#reader.hasBegun;
  }

  /** What had come of its body. */
  get text(): string {
    return this.#reader.text;
  }

  /** Writes a request and resolves with its answer; rejects with the socket's error, or that of `destroy`. */
  exchange(request: string, encoding: "latin1" | "utf8"): Promise<ReadAnswer> {
    return new Promise((resolve, reject) => {
      if (!this.#isOpen) return reject(cutError("the connection is closed"));
      this.#waiting = { resolve, reject };
      this.#socket.ref();
      this.#socket.write(request, encoding);
    });
  }

  /** Closes it; a call that runs is rejected with the error. Harmless twice. */
  destroy(error: unknown): void {
    this.#isOpen = false;
    this.#socket.destroy();
    this.#take()?.reject(error);
  }

  #connected({ host, port, secure }: HttpTarget, session: Buffer | undefined): Socket {
    const options: TcpNetConnectOpts = {
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 1_000,
      onread: { buffer: received, callback: (count) => this.#received(count) },
    };
    // Not by `import`: a start that needs no TLS doesn't load it.
    const net = process.getBuiltinModule("node:net");
    if (!secure) return net.connect(options);
    const named = net.isIP(host) ? undefined : { servername: host };
    const tls: ConnectionOptions = { ...options, ...named, ...(session && { session }), ALPNProtocols: ["http/1.1"] };
    return process.getBuiltinModule("node:tls").connect(tls);
  }

  #received(count: number): boolean {
    if (!this.#waiting) {
      this.destroy(malformed("it comes unasked"));
      return false;
    }
    try {
      const whole = this.#reader.push(received.subarray(0, count));
      if (whole) this.#answered(whole.answer, whole.more);
    } catch (error) {
      this.destroy(error);
    }
    return this.#isOpen;
  }

  #answered(answer: ReadAnswer, more: boolean): void {
    const { keepsAlive, keepsAliveMs } = answer.head;
    const waiting = this.#take();
    this.#answers++;
    // An idle connection holds no answer.
    this.#reader = new AnswerReader();
    // Before the server does: a call that crosses its close is lost.
    if (keepsAliveMs !== undefined) this.#idleUntil = performance.now() + keepsAliveMs - KEEP_ALIVE_SLACK_MS;
    // An answer that comes before its request was written is a refusal of the rest.
    if (!keepsAlive || more || this.#socket.writableLength > 0) this.destroy(undefined);
    else this.#socket.unref();
    waiting?.resolve(answer);
  }

  /** The server sends no more. */
  #ended(): void {
    const answer = this.#reader.end();
    if (answer) this.#answered(answer, true);
    else this.destroy(cutError(this.hasBegun ? "the connection was cut in mid-answer" : "socket hang up"));
  }

  #take(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
