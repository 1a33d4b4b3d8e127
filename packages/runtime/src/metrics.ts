import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Every label with all values it may take. A value outside the list is counted as `other`. */
export type LabelSets = Readonly<Record<string, readonly string[]>>;
export type Labels<L extends LabelSets> = { readonly [Name in keyof L]: L[Name][number] };

export type CounterOf<L extends LabelSets> = {
  readonly add: (labels: Labels<L>, count?: number) => void;
};
export type GaugeOf<L extends LabelSets> = {
  readonly set: (labels: Labels<L>, value: number) => void;
};
export type HistogramOf<L extends LabelSets> = {
  readonly observe: (labels: Labels<L>, value: number) => void;
};

type Spec<L extends LabelSets> = {
  readonly name: string;
  readonly help: string;
  readonly labels: L;
  /** The combinations that can occur, when not all can; any other is counted under the last. */
  readonly rows?: readonly Labels<L>[];
};

export type Metrics = {
  readonly counter: <L extends LabelSets>(spec: Spec<L>) => CounterOf<L>;
  /** `collect`, if given, is called before each exposition: for what is dear to keep up to date. */
  readonly gauge: <L extends LabelSets>(
    spec: Spec<L> & { readonly collect?: () => void },
  ) => GaugeOf<L>;
  readonly histogram: <L extends LabelSets>(
    spec: Spec<L> & { readonly buckets: readonly number[] },
  ) => HistogramOf<L>;
  /** Of every metric there is. */
  readonly names: () => readonly string[];
  readonly contentType: string;
  /** The Prometheus text exposition. */
  readonly expose: () => Promise<string>;
};

/** One metric may not have more series than this: labels are for few, closed values. */
const seriesMax = 400;

function combinations(labels: LabelSets): readonly Record<string, string>[] {
  let rows: Record<string, string>[] = [{}];
  for (const [name, values] of Object.entries(labels))
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
  return rows;
}

function checkSpec(spec: Spec<LabelSets>): void {
  const all = Object.values(spec.labels).reduce((count, values) => count * values.length, 1);
  const series = spec.rows?.length ?? all;
  if (series > seriesMax)
    throw new Error(
      `metric ${spec.name} would have ${series} series, at most ${seriesMax} allowed`,
    );
}

const rowsOf = (spec: Spec<LabelSets>): readonly Readonly<Record<string, string>>[] =>
  spec.rows ?? combinations(spec.labels);

type Closing = (labels: Readonly<Record<string, string>>) => Record<string, string>;

/** What the caller says is typed, but what it passes on may come from outside. */
function closing({ labels: sets, rows }: Spec<LabelSets>): Closing {
  const names = Object.keys(sets);
  const nameOf = (row: Readonly<Record<string, string>>): string =>
    JSON.stringify(names.map((name) => row[name]));
  const known = new Set(rows?.map(nameOf));
  const last = rows?.at(-1);
  return (labels) => {
    const row: Record<string, string> = {};
    for (const [name, values] of Object.entries(sets)) {
      const value = labels[name];
      row[name] = value !== undefined && values.includes(value) ? value : "other";
    }
    return last === undefined || known.has(nameOf(row)) ? row : { ...last };
  };
}

/** What an operator asks of a process. The library offers a hundred series more, which nobody reads. */
const ofProcess: ReadonlySet<string> = new Set([
  "process_cpu_seconds_total",
  "process_resident_memory_bytes",
  "process_start_time_seconds",
  "process_open_fds",
  "process_max_fds",
  "nodejs_heap_size_used_bytes",
  "nodejs_eventloop_lag_p99_seconds",
  "nodejs_version_info",
]);

/** A registry of its own per process; with `process`, Node's memory and event-loop lag as well. */
export function openMetrics(options: { readonly process: boolean }): Metrics {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray()) {
    if (!ofProcess.has(name)) registry.removeSingleMetric(name);
  }
  const common = (spec: Spec<LabelSets>) => {
    checkSpec(spec);
    return {
      name: spec.name,
      help: spec.help,
      labelNames: Object.keys(spec.labels),
      registers: [registry],
    };
  };
  return {
    counter: (spec) => {
      const counter = new Counter<string>(common(spec));
      const closed = closing(spec);
      // Series exist from the start: a rate over a series that appears with its first failure
      // would miss that failure.
      for (const row of rowsOf(spec)) counter.inc({ ...row }, 0);
      return { add: (labels, count = 1) => counter.inc(closed(labels), count) };
    },
    gauge: (spec) => {
      const { collect } = spec;
      const gauge = new Gauge<string>({
        ...common(spec),
        ...(collect === undefined ? {} : { collect: () => collect() }),
      });
      const closed = closing(spec);
      return { set: (labels, value) => gauge.set(closed(labels), value) };
    },
    histogram: (spec) => {
      const histogram = new Histogram<string>({ ...common(spec), buckets: [...spec.buckets] });
      const closed = closing(spec);
      for (const row of rowsOf(spec)) histogram.zero({ ...row });
      return { observe: (labels, value) => histogram.observe(closed(labels), value) };
    },
    names: () => registry.getMetricsAsArray().map(({ name }) => name),
    contentType: registry.contentType,
    expose: () => registry.metrics(),
  };
}
