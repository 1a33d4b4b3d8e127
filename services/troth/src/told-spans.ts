import type { Span, Traces } from "@troth/runtime";

/** Alerts on their way out whose work is still being recorded; of more than that the oldest is ended. */
const onTheirWayMax = 1_000;

export type ToldSpans = {
  readonly begin: (alertId: string, trace: string) => void;
  readonly sent: (alertId: string) => void;
};

/** From when an alert was read until the world was told of it, or nobody is to be told. */
export function openToldSpans(traces: Traces): ToldSpans {
  const spans = new Map<string, Span>();
  const end = (alertId: string): void => {
    spans.get(alertId)?.end();
    spans.delete(alertId);
  };
  return {
    begin: (alertId, trace) => {
      const span = traces.begin("notify", trace);
      if (span === null) return;
      end(alertId);
      spans.set(alertId, span);
      const [oldest] = spans.keys();
      if (spans.size > onTheirWayMax && oldest !== undefined) end(oldest);
    },
    sent: end,
  };
}
