import * as api from "@opentelemetry/api";
import { context, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import type { TraceContext } from "../pipeline/ports/trace.js";
import { spanContextOf, type Tracing, type Warn } from "./open-telemetry.js";
import { startTracing } from "./tracing.js";

/**
 * OpenTelemetry in a module agent's own process: the worker's span is the active one while the agent runs. Spans of the
 * agent's own are recorded by a provider that it registers, or by the SDK where AGENT_ENV lets the standard variables in.
 */
export class AgentContext {
  readonly #tracing: Tracing | undefined;

  /** To be called when the module is loaded: what it has registered itself stays. */
  static async start(warn: Warn): Promise<AgentContext> {
    const tracing = await startTracing(warn);
    // Each does nothing where somebody was first.
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    return new AgentContext(tracing);
  }

  private constructor(tracing: Tracing | undefined) {
    this.#tracing = tracing;
  }

  run<Result>(of: TraceContext | undefined, work: () => Result): Result {
    return of ? context.with(trace.setSpanContext(ROOT_CONTEXT, spanContextOf(api, of)), work) : work();
  }

  /** Sends what is held, within `ms` milliseconds. Never rejects. */
  async stop(ms: number): Promise<void> {
    await this.#tracing?.stop(ms);
  }
}
