import { formatTraceContext, noTraces, parseTraceContext, type Traces } from "@troth/runtime";
import { type Command, InvalidArgumentError } from "commander";
import { httpUrlOf } from "./url-option.ts";

/** What commands that can be traced are told about it. */
export type TraceOptions = { readonly otlp?: string; readonly otlpShare: number };

const shareOf = (text: string): number => {
  const share = Number(text);
  if (share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError("a share is a number from 0 to 1");
};

export const addTraceOptions = (command: Command): Command =>
  command
    .option(
      "--otlp <url>",
      "send traces to this OpenTelemetry collector (OTLP over HTTP)",
      httpUrlOf("http://127.0.0.1:4318"),
    )
    .option(
      "--otlp-share <x>",
      "of the traces that begin here record this share; those that come in decide for themselves",
      shareOf,
      1,
    );

/** Traces of a service, or none where nobody asked for them. */
export const openTraces = ({ otlp, otlpShare }: TraceOptions, service: string): Promise<Traces> =>
  otlp === undefined
    ? Promise.resolve(noTraces)
    : openOtlp({ url: otlp, service, share: otlpShare });

type OtlpOptions = {
  /** Where spans go: an OTLP/HTTP collector's own address, such as http://127.0.0.1:4318. */
  readonly url: string;
  readonly service: string;
  /** Share of traces recorded among those that begin here; one that comes in decides for itself. */
  readonly share: number;
};

/** Traces by OpenTelemetry, whose code is loaded only here: nobody else pays for it. */
async function openOtlp({ url, service, share }: OtlpOptions): Promise<Traces> {
  const [api, sdk, { resourceFromAttributes }, { OTLPTraceExporter }] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace-base"),
    import("@opentelemetry/resources"),
    import("@opentelemetry/exporter-trace-otlp-http"),
  ]);
  const { ROOT_CONTEXT, SpanKind, trace } = api;
  const exporter = new OTLPTraceExporter({ url: `${url.replace(/\/$/, "")}/v1/traces` });
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(share) }),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter, { scheduledDelayMillis: 1_000 })],
  });
  const tracer = provider.getTracer("troth");
  return {
    begin: (name, parent) => {
      const came = parseTraceContext(parent);
      const { traceId = "", spanId = "", flags = 0 } = came ?? {};
      const above =
        came === null
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, {
              traceId,
              spanId,
              traceFlags: flags,
              isRemote: true,
            });
      const span = tracer.startSpan(name, { kind: SpanKind.CONSUMER }, above);
      const own = span.spanContext();
      return {
        context: formatTraceContext({ ...own, flags: own.traceFlags }),
        end: () => span.end(),
      };
    },
    // A collector that is away must not keep a service from ending.
    close: () => provider.shutdown().catch(() => undefined),
  };
}
