import type { Rng, Step, Strike } from "@troth/runtime";
import { WorldError } from "@troth/runtime";
import type { SimSizes } from "./life.ts";

/** Everything that goes wrong in the simulation; each is counted when it does. */
export const faultKinds = [
  "power-loss",
  "kill",
  "torn-write",
  "lost-write",
  "lost-name",
  "disk-error",
  "sync-error",
  "disk-full",
  "snapshot-rot",
  "store-error",
  "store-timeout",
  "store-doubled",
  "store-slow",
  "receiver-error",
  "receiver-timeout",
  "receiver-lost-ack",
  "receiver-throttled",
  "receiver-slow",
  "client-lost-ack",
  "client-doubled",
  "event-duplicate",
  "event-late",
  "event-out-of-order",
  "event-poison",
  "clock-forward",
  "clock-back",
  "suspend",
  "stop",
  "gave-up",
] as const;
export type FaultKind = (typeof faultKinds)[number];

type Aim = {
  /** Functions whose calls are struck, how much more often than others, and how many at one place. */
  readonly at: readonly string[];
  readonly weight: number;
  readonly callsMost: number;
  /** Sizes with which these functions are called at all. */
  readonly sizes: Partial<SimSizes>;
};

/** How often what goes wrong; drawn anew for every seed, so that some are calm and some are wild. */
export type Plan = {
  readonly crashPerStep: number;
  readonly crashesMax: number;
  readonly diskErrorPerCall: number;
  readonly diskFullPerWrite: number;
  readonly storeErrorPerCall: number;
  readonly receiverErrorPerCall: number;
  readonly clientErrorPerPost: number;
  readonly clockPerPost: number;
  readonly stopPerPost: number;
  /** Where crashes are kept for; null where they may be anywhere. */
  readonly aim: Aim | null;
};

export const calm: Plan = {
  crashPerStep: 0,
  crashesMax: 0,
  diskErrorPerCall: 0,
  diskFullPerWrite: 0,
  storeErrorPerCall: 0,
  receiverErrorPerCall: 0,
  clientErrorPerPost: 0,
  clockPerPost: 0,
  stopPerPost: 0,
  aim: null,
};

const oneOf = (rng: Rng, choices: readonly number[]): number =>
  choices[Math.floor(rng.next() * choices.length)] ?? 0;

const usualPlan = (rng: Rng): Plan => ({
  crashPerStep: oneOf(rng, [0, 0.004, 0.01, 0.02]),
  crashesMax: 2 + Math.floor(rng.next() * 6),
  diskErrorPerCall: oneOf(rng, [0, 0, 0.003, 0.008]),
  diskFullPerWrite: oneOf(rng, [0, 0, 0.02, 0.08]),
  storeErrorPerCall: oneOf(rng, [0, 0.1, 0.4]),
  receiverErrorPerCall: oneOf(rng, [0, 0.5, 0.8]),
  clientErrorPerPost: oneOf(rng, [0, 0.1, 0.3]),
  clockPerPost: oneOf(rng, [0, 0.05, 0.15]),
  stopPerPost: oneOf(rng, [0, 0.03, 0.06]),
  aim: null,
});

/**
 * Functions that ask for something in few stories only: after a failure, after a crash in the middle of
 * things, with a journal that grew, a snapshot that rotted. By chance alone they would hardly ever be
 * struck. And those that make things durable: what one crash left half done, the next must find. One
 * story of four aims at some of them, and dies of little else.
 */
const aims: readonly [share: number, aim: Aim][] = [
  [
    0.35,
    {
      at: ["roll", "checkChain", "isEmpty", "hasLaterGroup", "readTail", "recover"],
      weight: 35,
      callsMost: 3,
      sizes: {},
    },
  ],
  // Done in several steps, of which the last must be reached too.
  [0.15, { at: ["replace", "close"], weight: 15, callsMost: 6, sizes: { journalBytes: 300 } }],
  [
    0.15,
    {
      at: ["readSnapshot", "load", "save", "syncFile", "putSame"],
      weight: 15,
      callsMost: 3,
      sizes: { snapshotEveryRecords: 2 },
    },
  ],
  [
    0.2,
    {
      at: ["writeDurably"],
      weight: 8,
      callsMost: Number.POSITIVE_INFINITY,
      sizes: { segmentBytes: 600 },
    },
  ],
  [
    0.15,
    {
      at: ["append"],
      weight: 25,
      callsMost: Number.POSITIVE_INFINITY,
      sizes: { alertsPerOwnerAndMinute: 0 },
    },
  ],
];

function aimOf(rng: Rng): Aim | null {
  let left = rng.next();
  for (const [share, aim] of aims) {
    left -= share;
    if (left < 0) return aim;
  }
  return null;
}

export function planOf(rng: Rng): Plan {
  const plan = usualPlan(rng);
  if (rng.next() >= 0.25) return plan;
  return {
    ...plan,
    aim: aimOf(rng),
    crashPerStep: 0.01,
    crashesMax: 7,
    diskErrorPerCall: oneOf(rng, [0.003, 0.008]),
    storeErrorPerCall: oneOf(rng, [0.1, 0.4]),
  };
}

/** Crashes at steps that are named beforehand, for trying every single one. */
export type PlannedCrash = {
  readonly step: number;
  readonly when: "before" | "during" | "after";
  readonly power: boolean;
};

/** Where a step was asked for: how often so far in this story, and by which function. */
export type Place = { readonly calls: number; readonly doer: string };

export type Injector = {
  readonly strike: (step: Step, place: Place) => Strike;
  readonly count: (kind: FaultKind) => void;
  readonly counts: ReadonlyMap<FaultKind, number>;
  /** True with this chance, while faults are still allowed. */
  readonly chance: (probability: number) => boolean;
  /** From now on nothing goes wrong any more. */
  readonly heal: () => void;
  readonly isHealed: () => boolean;
  /** Whether the last that was asked of the store failed. */
  readonly isStoreAway: () => boolean;
  /** Whether the crash that is happening takes the power with it. */
  readonly isPowerLoss: () => boolean;
};

export type InjectorOptions = {
  readonly rng: Rng;
  readonly plan: Plan;
  readonly crashes: readonly PlannedCrash[];
  /** The disk has no more room from now on, for a while. */
  readonly fillDisk: () => void;
};

const none: Strike = { kind: "none" };
const fail = (code: "io" | "timeout" | "unreachable", what: string, after = false): Strike => ({
  kind: "fail",
  error: new WorldError(code, `${what}: simulated failure`),
  after,
});

export function openInjector(options: InjectorOptions): Injector {
  const { rng, plan, crashes, fillDisk } = options;
  const counts = new Map<FaultKind, number>();
  let healed = false;
  let taken = 0;
  let crashed = 0;
  let power = false;
  let isStoreAway = false;
  const count = (kind: FaultKind): void => void counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const chance = (probability: number): boolean => !healed && rng.next() < probability;

  const crash = (when: "before" | "during" | "after", what: string): Strike => {
    crashed += 1;
    count(power ? "power-loss" : "kill");
    if (when === "during" && what.startsWith("disk write")) count("torn-write");
    return { kind: "crash", when };
  };
  /** Rare steps are struck more often, or it would take a night to have struck each. */
  const weight = (what: string, { calls, doer }: Place): number => {
    if (plan.aim !== null)
      return calls <= plan.aim.callsMost && plan.aim.at.includes(doer) ? plan.aim.weight : 0.2;
    if (what.startsWith("disk truncate /data/notify")) return 200;
    if (what.startsWith("disk write")) return 7;
    if (what.startsWith("store get")) return 4;
    const byKind = /^disk (?:truncate|rename|remove|sync|lock)|^http/.test(what) ? 2 : 0.6;
    return byKind * Math.max(1, 4 / calls);
  };

  const strikeDisk = (what: string): Strike => {
    if (what.startsWith("disk write") && chance(plan.diskFullPerWrite)) {
      count("disk-full");
      fillDisk();
    }
    if (!chance(plan.diskErrorPerCall)) return none;
    const isSync = what.startsWith("disk sync");
    count(isSync ? "sync-error" : "disk-error");
    return fail("io", what, isSync && rng.next() < 0.5);
  };
  const strikeStore = (what: string): Strike => {
    isStoreAway = chance(plan.storeErrorPerCall);
    if (!isStoreAway) return none;
    const fate = rng.next();
    if (fate < 0.4) {
      count("store-error");
      return fail("unreachable", what);
    }
    if (fate < 0.7 || !what.startsWith("store put")) {
      count("store-timeout");
      return fail("timeout", what);
    }
    count("store-doubled");
    return fail("timeout", what, true);
  };

  return {
    strike: (step, place) => {
      taken += 1;
      const planned = crashes.find((one) => one.step === taken);
      if (planned !== undefined) {
        power = planned.power;
        return crash(planned.when, step.what);
      }
      if (crashed < plan.crashesMax && chance(plan.crashPerStep * weight(step.what, place))) {
        power = rng.next() < 0.5;
        const fate = rng.next();
        const torn = step.what.startsWith("disk write") ? 0.85 : 0.6;
        return crash(fate < 0.25 ? "before" : fate < torn ? "during" : "after", step.what);
      }
      if (step.what.startsWith("disk ")) return strikeDisk(step.what);
      if (step.what.startsWith("store ")) return strikeStore(step.what);
      return none;
    },
    count,
    counts,
    chance,
    heal: () => {
      healed = true;
    },
    isHealed: () => healed,
    isStoreAway: () => isStoreAway,
    isPowerLoss: () => power,
  };
}
