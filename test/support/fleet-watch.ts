import { readFileSync } from "node:fs";
import { logOptionsOf } from "../../services/troth/src/topics/table.ts";
import { type Fleet, metricOf, type ServiceName } from "./kafka-fleet.ts";

const everyMs = 1_000;
const ticksPerSecond = 100;

/** Processor seconds a process has used so far; null once it is gone, or where there is no /proc. */
export function processorSeconds(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name, in brackets, may hold anything: fields are counted behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return null;
  }
}

export type Watch = {
  /** Processor seconds by service, of every life it had, to a second. */
  readonly used: () => ReadonlyMap<string, number>;
  readonly end: () => void;
};

/** Looks at a fleet every second: what it costs, and, with `say`, how far each stage is behind. */
export function watchFleet(fleet: Fleet, say: ((line: string) => void) | null = null): Watch {
  const lives = new Map<number, { readonly service: string; seconds: number }>();
  const look = (): void => {
    for (const { pid, service } of fleet.running()) {
      const seconds = processorSeconds(pid);
      if (seconds !== null) lives.set(pid, { service, seconds });
    }
    for (const [n, node] of fleet.broker.nodes.entries()) {
      const seconds = processorSeconds(node.pid());
      if (seconds !== null) lives.set(node.pid(), { service: `broker ${n + 1}`, seconds });
    }
  };
  const used = (): ReadonlyMap<string, number> => {
    look();
    const sums = new Map<string, number>();
    for (const { service, seconds } of lives.values())
      sums.set(service, (sums.get(service) ?? 0) + seconds);
    return sums;
  };
  let isBusy = false;
  const tick = (): void => {
    look();
    if (say === null || isBusy) return;
    isBusy = true;
    lagsOf(fleet)
      .then((lags) => say(`${lags}; processor ${inSeconds(used())}`))
      .catch((error: unknown) => say(`no lags: ${String(error)}`))
      .finally(() => {
        isBusy = false;
      });
  };
  const timer = setInterval(tick, everyMs * (say === null ? 1 : 3));
  return { used, end: () => clearInterval(timer) };
}

export const inSeconds = (used: ReadonlyMap<string, number>): string =>
  [...used].map(([service, seconds]) => `${service} ${seconds.toFixed(1)}`).join(", ");

async function lagsOf(fleet: Fleet): Promise<string> {
  const { kafka, partitions } = fleet;
  const endOf = async (topic: string, partition: number): Promise<number> => {
    const log = await kafka.open(topic, partition, logOptionsOf(topic));
    const end = await log.end();
    await log.close();
    return end;
  };
  const at = async (service: ServiceName, line: string): Promise<number> => {
    const asked = fleet.running().filter((one) => one.service === service);
    const all = await Promise.all(
      asked.map(({ health }) => metricOf(health, line).catch(() => null)),
    );
    return Math.max(0, ...all.map((one) => one ?? 0));
  };
  const facts = await endOf("troth.facts", 0);
  const registrar = await at("identity", "troth_registrar_position");
  const behind: number[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    const end = await endOf("troth.noise", partition);
    behind.push(end - (await at("monitor", `troth_partition_position{partition="${partition}"}`)));
  }
  return `facts ${facts}, registrar behind ${facts - registrar}, monitors behind ${behind.join(" ")}`;
}
