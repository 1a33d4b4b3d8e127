/** infra/kafka/measurements.json. */
export type Measurements = {
  readonly factBytes: number;
  readonly noisePerFact: number;
  readonly noiseBytes: number;
  readonly outputsPerFact: number;
  readonly outputBytes: number;
  readonly registrarFactsPerCpuSecond: number;
  readonly registrarHeapBytesPerFact: number;
  readonly registrarFactsMax: number;
  readonly judgeFactsPerCpuSecond: number;
  /** As a partition holds those that were spoken of last, and the others. */
  readonly openBytesPerCustomer: number;
  readonly packedBytesPerCustomer: number;
  /** So many of a partition are open at most. */
  readonly openCustomersMax: number;
  readonly brokerBytesPerSecond: number;
};

/** What is assumed of a house, not measured: CAPACITY.md says so. */
export type House = {
  readonly customers: number;
  readonly eventsPerCustomerAndDay: number;
  readonly peakOverMean: number;
  readonly dedupeDays: number;
};

export type Capacity = {
  readonly eventsPerDay: number;
  readonly peakPerSecond: number;
  readonly fleets: number;
  readonly customersPerFleet: number;
  readonly registrarHeapBytes: number;
  /** Memory of the judge of one partition. */
  readonly partitionBytes: number;
  readonly partitions: number;
  readonly monitors: number;
  readonly brokers: number;
  readonly kafkaBytesPerDay: number;
  readonly kafkaBytesPerYearCopied: number;
};

const replicas = 3;
/** Of a core only so much is planned for: the rest is for catching up after a failure. */
const planned = 0.5;
const stateBytesPerPartition = 2 ** 29;
const stateBytesPerMonitor = 2 ** 30;
const partitionsMin = 4;
const monitorsMin = 2;
const brokersMin = 3;

/** What a partition's judge holds of its customers: some open, the rest packed. */
export function stateBytesOf(customers: number, measured: Measurements): number {
  const open = Math.min(customers, measured.openCustomersMax);
  return (
    open * measured.openBytesPerCustomer + (customers - open) * measured.packedBytesPerCustomer
  );
}

/** How many customers fit into so much of one partition's memory. */
function customersIn(bytes: number, measured: Measurements): number {
  const { openCustomersMax, openBytesPerCustomer, packedBytesPerCustomer } = measured;
  const left = bytes - openCustomersMax * openBytesPerCustomer;
  return left < 0
    ? Math.floor(bytes / openBytesPerCustomer)
    : openCustomersMax + Math.floor(left / packedBytesPerCustomer);
}

export function capacityOf(house: House, measured: Measurements): Capacity {
  const { customers, eventsPerCustomerAndDay, peakOverMean, dedupeDays } = house;
  const eventsPerDay = customers * eventsPerCustomerAndDay;
  const peakPerSecond = (eventsPerDay * peakOverMean) / 86_400;
  const remembered = eventsPerDay * dedupeDays;
  const fleets = Math.max(
    Math.ceil(remembered / measured.registrarFactsMax),
    Math.ceil(peakPerSecond / (measured.registrarFactsPerCpuSecond * planned)),
  );
  const customersPerFleet = Math.ceil(customers / fleets);
  const judgingCores = peakPerSecond / fleets / (measured.judgeFactsPerCpuSecond * planned);
  const partitions = Math.max(
    partitionsMin,
    Math.ceil(judgingCores),
    Math.ceil(customersPerFleet / customersIn(stateBytesPerPartition, measured)),
  );
  const partitionBytes = stateBytesOf(Math.ceil(customersPerFleet / partitions), measured);
  const monitors = Math.max(
    monitorsMin,
    Math.ceil(judgingCores),
    Math.ceil((partitions * partitionBytes) / stateBytesPerMonitor),
  );
  const bytesPerEvent =
    measured.factBytes +
    measured.noisePerFact * measured.noiseBytes +
    measured.outputsPerFact * measured.outputBytes;
  const kafkaBytesPerDay = eventsPerDay * bytesPerEvent;
  return {
    eventsPerDay,
    peakPerSecond,
    fleets,
    customersPerFleet,
    registrarHeapBytes: (remembered / fleets) * measured.registrarHeapBytesPerFact,
    partitionBytes,
    partitions,
    monitors,
    brokers: Math.max(
      brokersMin,
      Math.ceil((replicas * peakPerSecond * bytesPerEvent) / measured.brokerBytesPerSecond),
    ),
    kafkaBytesPerDay,
    kafkaBytesPerYearCopied: 365 * replicas * kafkaBytesPerDay,
  };
}

function amount(value: number, unit = ""): string {
  const steps = unit === "B" ? ["", "k", "M", "G", "T", "P"] : ["", "k", "M", "G"];
  let step = 0;
  let rest = value;
  for (; rest >= 1_000 && step < steps.length - 1; step += 1) rest /= 1_000;
  const digits = rest >= 100 || Number.isInteger(rest) ? 0 : rest >= 10 ? 1 : 2;
  return `${rest.toFixed(digits)} ${steps[step]}${unit}`.trim();
}

/** The table of CAPACITY.md, one column for each house. */
export function capacityTable(houses: readonly House[], measured: Measurements): string {
  const columns = houses.map((house) => ({ house, capacity: capacityOf(house, measured) }));
  type Column = (typeof columns)[number];
  const rows: readonly (readonly [string, (column: Column) => string])[] = [
    ["events a day", ({ capacity }) => amount(capacity.eventsPerDay)],
    ["events a second at the peak", ({ capacity }) => amount(capacity.peakPerSecond)],
    [
      "fleets (each with a registrar and topics of its own)",
      ({ capacity }) => `${capacity.fleets}`,
    ],
    ["customers in a fleet", ({ capacity }) => amount(capacity.customersPerFleet)],
    ["memory of its registrar", ({ capacity }) => amount(capacity.registrarHeapBytes, "B")],
    ["partitions of a fleet", ({ capacity }) => `${capacity.partitions}`],
    ["memory of a partition's judge", ({ capacity }) => amount(capacity.partitionBytes, "B")],
    ["monitors of a fleet (1 core, 2 GiB each)", ({ capacity }) => `${capacity.monitors}`],
    ["monitors in all", ({ capacity }) => `${capacity.monitors * capacity.fleets}`],
    ["brokers", ({ capacity }) => `${capacity.brokers}`],
    ["written to Kafka a day", ({ capacity }) => amount(capacity.kafkaBytesPerDay, "B")],
    ["kept a year, three copies", ({ capacity }) => amount(capacity.kafkaBytesPerYearCopied, "B")],
  ];
  const head = `| | ${columns.map(({ house }) => `${amount(house.customers)} customers`).join(" | ")} |`;
  const line = `|---|${columns.map(() => "---:|").join("")}`;
  return [
    head,
    line,
    ...rows.map(([name, say]) => `| ${name} | ${columns.map(say).join(" | ")} |`),
  ].join("\n");
}
