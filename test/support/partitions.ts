import {
  type CohortDecision,
  type Decision,
  decisionJson,
  decodeNoise,
  encodeNoise,
  type Fact,
  type Flag,
  flagJson,
  isDecision,
  type NoiseRecord,
  type Output,
  publicPseudonymKey,
} from "@troth/events";
import { Dispatcher, type Tally } from "@troth/identity";
import { type Exchange, PartitionJudge, type Told } from "@troth/monitor";
import type { Policy } from "@troth/policy";

export type Judged = {
  readonly decisions: readonly Decision[];
  readonly flags: readonly Flag[];
};

export type Partitioned = Judged & {
  readonly tally: Readonly<Tally>;
  readonly exchanges: number;
  /** What each partition said, in its order. */
  readonly outputs: readonly (readonly Output["body"][])[];
  /** Log time of each of them. */
  readonly stamps: readonly (readonly number[])[];
};

type Site = {
  readonly judge: PartitionJudge;
  readonly noise: readonly NoiseRecord[];
  next: number;
  waits: Exchange | null;
  readonly out: Output["body"][];
  readonly stamps: number[];
};

/** As through a log: what cannot be written down does not arrive. */
const throughText = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/**
 * Judges facts over several partitions, each at its own pace as `dice` has it; log time is the running
 * maximum of the recorded times, and a last tick stands at `until`.
 */
export function judgePartitioned(
  facts: readonly Fact[],
  policy: Policy,
  partitions: number,
  dice: () => number,
  until: number | null = null,
): Partitioned {
  const noise: NoiseRecord[][] = Array.from({ length: partitions }, () => []);
  const dispatcher = new Dispatcher({ policy, key: publicPseudonymKey, partitions });
  const deliver = (partition: number, record: NoiseRecord): void =>
    void noise[partition]?.push(decodeNoise(encodeNoise(record)));
  let stamp = 0;
  facts.forEach((fact, offset) => {
    stamp = Math.max(stamp, fact.recordedTime);
    dispatcher.take(fact, offset, stamp, deliver);
  });
  dispatcher.tick(facts.length, until ?? stamp, deliver);
  const sites: Site[] = noise.map((records) => ({
    judge: new PartitionJudge(policy),
    noise: records,
    next: 0,
    waits: null,
    out: [],
    stamps: [],
  }));
  const told = new Map<string, Told>();
  const step = (site: Site): boolean => {
    if (site.waits !== null) {
      const answer = told.get(`${site.waits.exchange} ${site.waits.other}`);
      if (answer === undefined) return false;
      site.waits.finish(answer, site.out);
      site.waits = null;
      return true;
    }
    const record = site.noise[site.next];
    if (record === undefined) return false;
    site.next += 1;
    site.waits = site.judge.apply(record, site.out);
    if (site.waits !== null) {
      told.set(`${site.waits.exchange} ${sites.indexOf(site)}`, throughText(site.waits.tells));
    }
    return true;
  };
  for (let open = [...sites]; open.length > 0; ) {
    const site = open[Math.floor(dice() * open.length)];
    if (site === undefined) break;
    if (step(site)) {
      const now = site.noise[site.next - 1]?.stamp ?? 0;
      while (site.stamps.length < site.out.length) site.stamps.push(now);
      open = [...sites];
    } else open = open.filter((one) => one !== site);
  }
  const stuck = sites.filter((site) => site.waits !== null || site.next < site.noise.length);
  if (stuck.length > 0)
    throw new Error(`${stuck.length} of ${partitions} partitions wait for ever`);
  return {
    decisions: sites.flatMap((site) => site.out.filter(isDecision)),
    flags: sites.flatMap((site) => site.judge.flags(Math.max(stamp, until ?? 0))),
    tally: dispatcher.tally,
    exchanges: told.size / 2,
    outputs: sites.map(({ out }) => out),
    stamps: sites.map(({ stamps }) => stamps),
  };
}

/** Over several partitions each says how many it touched; whoever reads them adds up. */
function addedUp(decisions: readonly Decision[]): readonly Decision[] {
  const cohorts = new Map<string, CohortDecision>();
  const rest: Decision[] = [];
  for (const one of decisions) {
    if (one.kind !== "cohort") {
      rest.push(one);
      continue;
    }
    const name = `${one.at} ${one.cohort} ${one.rule}`;
    const known = cohorts.get(name);
    cohorts.set(name, { ...one, touched: one.touched + (known?.touched ?? 0) });
  }
  return [...rest, ...[...cohorts.keys()].sort().flatMap((name) => cohorts.get(name) ?? [])];
}

/** What was said about each customer, feed and cohort in its order, and how each stands at the end. */
export function perCustomer({ decisions, flags }: Judged): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const add = (name: string, line: string): void => {
    const known = found.get(name);
    if (known === undefined) found.set(name, [line]);
    else known.push(line);
  };
  for (const one of addedUp(decisions)) {
    const name = "customer" in one ? one.customer : one.kind === "source" ? one.source : "cohorts";
    add(name, decisionJson(one));
  }
  for (const flag of flags) if (flag.level !== "none") add(flag.customer, flagJson(flag));
  return found;
}

/** The first thing two judgements say differently of somebody; null when they agree. */
export function firstParting(a: Judged, b: Judged): string | null {
  const [ours, theirs] = [perCustomer(a), perCustomer(b)];
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    const [left, right] = [ours.get(name) ?? [], theirs.get(name) ?? []];
    for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
      const [one = "nothing", other = "nothing"] = [left[i], right[i]];
      if (one === other) continue;
      let at = 0;
      while (one[at] === other[at]) at += 1;
      const near = (text: string): string => `…${text.slice(Math.max(0, at - 120), at + 200)}`;
      return `${name}, ${i + 1} of ${left.length} and ${right.length}:\n${near(one)}\n${near(other)}`;
    }
  }
  return null;
}
