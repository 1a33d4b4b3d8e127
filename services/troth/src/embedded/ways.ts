import type { Span, Traces } from "@troth/runtime";

/** Traces whose facts are not told on yet; of more than that the oldest are let go. */
const rememberedMax = 1_000;

/** Ways of facts through one process, whose log of files carries no trace context. */
export type Ways = {
  /** Facts from this offset on are stored; beside each the trace context its way began with. */
  readonly stored: (first: number, contexts: readonly (string | undefined)[]) => void;
  /** Facts below this offset are judged. */
  readonly judged: (position: number) => void;
  /** Context of what follows from the fact at an offset; undefined when it came with none. */
  readonly under: (offset: number) => string | undefined;
};

/** A span of the judge for each fact with a context: from stored until judged. */
export function openWays(traces: Traces): Ways {
  const judging = new Map<number, Span>();
  const contexts = new Map<number, string>();
  return {
    stored: (first, given) => {
      for (const [n, context] of given.entries()) {
        if (context === undefined) continue;
        const span = traces.begin("monitor", context);
        if (span !== null) judging.set(first + n, span);
        contexts.set(first + n, span?.context ?? context);
      }
      for (const offset of contexts.keys()) {
        if (contexts.size <= rememberedMax) break;
        contexts.delete(offset);
        judging.get(offset)?.end();
        judging.delete(offset);
      }
    },
    judged: (position) => {
      for (const [offset, span] of judging) {
        if (offset >= position) return;
        span.end();
        judging.delete(offset);
      }
    },
    under: (offset) => contexts.get(offset),
  };
}
