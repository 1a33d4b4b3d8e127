/** One piece of work on something's way through the services. */
export type Span = {
  /** W3C trace context of this work: what follows from it hangs below. */
  readonly context: string;
  readonly end: () => void;
};

export type Traces = {
  /** Null where nobody asked for traces. `parent` is a W3C trace context, or null for a beginning. */
  readonly begin: (name: string, parent: string | null) => Span | null;
  /** Hands over what was recorded. */
  readonly close: () => Promise<void>;
};

export const noTraces: Traces = { begin: () => null, close: async () => undefined };

const shape = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

export type TraceContext = {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
};

/** Null for what is no trace context, or one that means nothing: then a trace begins here. */
export function parseTraceContext(text: string | null | undefined): TraceContext | null {
  const [, traceId = "", spanId = "", flags = ""] = shape.exec(text ?? "") ?? [];
  if (traceId === "" || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

export const formatTraceContext = ({ traceId, spanId, flags }: TraceContext): string =>
  `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, "0")}`;

/** The same work for many records at once: one span for each context they came with. */
export type SharedSpans = {
  /** Context of the work on a record that came with this one; undefined for one that came with none. */
  readonly under: (parent: string | undefined) => string | undefined;
  readonly end: () => void;
};

export function shareSpans(traces: Traces, name: string): SharedSpans {
  const spans = new Map<string, Span>();
  return {
    under: (parent) => {
      if (parent === undefined) return undefined;
      const known = spans.get(parent);
      if (known !== undefined) return known.context;
      const span = traces.begin(name, parent);
      // Who records none hands on what it got.
      if (span === null) return parent;
      spans.set(parent, span);
      return span.context;
    },
    end: () => {
      for (const span of spans.values()) span.end();
      spans.clear();
    },
  };
}
