import { parseTraceContext, type Span, shareSpans, type Traces } from "@troth/runtime";

/** What is recorded of one request. */
export type Traced = {
  /** Context of what was done about this event: below its own `traceparent`, or below the request's. */
  readonly contextOf: (event: Buffer) => string;
  readonly end: () => void;
};

const mark = '"traceparent"';

/** CloudEvents' extension for distributed tracing. */
function ownContext(event: Buffer): string | undefined {
  if (!event.includes(mark)) return undefined;
  const value: unknown = JSON.parse(event.toString("utf8"));
  const own =
    typeof value === "object" && value !== null && "traceparent" in value
      ? value.traceparent
      : null;
  return typeof own === "string" && parseTraceContext(own) !== null ? own : undefined;
}

/** Null where nobody asked for traces. */
export function beginTracing(traces: Traces, traceparent: string | undefined): Traced | null {
  const request: Span | null = traces.begin("intake", traceparent ?? null);
  if (request === null) return null;
  const own = shareSpans(traces, "intake");
  return {
    contextOf: (event) => own.under(ownContext(event)) ?? request.context,
    end: () => {
      own.end();
      request.end();
    },
  };
}
