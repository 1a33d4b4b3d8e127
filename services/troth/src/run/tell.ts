import type { Tally } from "@troth/identity";
import type { Metrics } from "@troth/runtime";

/** No fleet has more partitions, and no metric more series for them. */
const partitionsMax = 64;
const places = Array.from({ length: partitionsMax }, (_, number) => String(number));
const fates = ["read", "applied", "duplicate", "turned-away"] as const;

/** What registrar and monitor tell of a fleet, partition by partition. */
export function openFleetTell(metrics: Metrics) {
  const facts = metrics.gauge({
    name: "troth_registrar_facts",
    help: "What became of all facts of the log so far, as the registrar's own state has it.",
    labels: { fate: fates },
  });
  const difference = metrics.gauge({
    name: "troth_registrar_conservation_difference",
    help: "Facts read minus applied, duplicate and turned away: anything but 0 is a defect.",
    labels: {},
  });
  const routed = metrics.gauge({
    name: "troth_registrar_position",
    help: "Offset of the next fact to be handed on.",
    labels: {},
  });
  const logTime = metrics.gauge({
    name: "troth_registrar_log_time_seconds",
    help: "Log time the registrar has come to.",
    labels: {},
  });
  const position = metrics.gauge({
    name: "troth_partition_position",
    help: "Offset of the next record of noise to be judged; 0 where this process does not judge.",
    labels: { partition: places },
  });
  const stamp = metrics.gauge({
    name: "troth_partition_log_time_seconds",
    help: "Log time a partition has come to; 0 where this process does not judge.",
    labels: { partition: places },
  });
  const outputs = metrics.counter({
    name: "troth_partition_outputs_total",
    help: "Outputs this process wrote.",
    labels: { partition: places },
  });
  return {
    routed: (offset: number, at: number, tally: Readonly<Tally>): void => {
      routed.set({}, offset);
      logTime.set({}, at / 1_000);
      facts.set({ fate: "read" }, tally.read);
      facts.set({ fate: "applied" }, tally.applied);
      facts.set({ fate: "duplicate" }, tally.duplicates);
      facts.set({ fate: "turned-away" }, tally.turnedAway);
      difference.set({}, tally.read - tally.applied - tally.duplicates - tally.turnedAway);
    },
    judged: (partition: number, offset: number, at: number, written: number): void => {
      const label = { partition: String(partition) };
      position.set(label, offset);
      stamp.set(label, at / 1_000);
      outputs.add(label, written);
    },
    left: (partition: number): void => {
      position.set({ partition: String(partition) }, 0);
      stamp.set({ partition: String(partition) }, 0);
    },
  };
}
