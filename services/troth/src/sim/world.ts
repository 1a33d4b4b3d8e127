import {
  type Clock,
  type Disk,
  type Http,
  type ObjectStore,
  openScheduler,
  openSimulatedDisk,
  openSimulatedHttp,
  openSimulatedRng,
  openSimulatedStore,
  type Rng,
  type Scheduler,
  type SimulatedDisk,
} from "@troth/runtime";
import { type Believable, openBelievable } from "./believable.ts";
import { type Injector, openInjector, type Plan, type PlannedCrash } from "./faults.ts";
import { openReceiver, type Receiver } from "./receiver.ts";
import { callSite, doerOf, type Site } from "./site.ts";

export type SiteCount = { calls: number; crashes: number; readonly what: string };

/** A machine and its neighbours, all of them made of one seed. */
export type SimWorld = {
  readonly scheduler: Scheduler;
  readonly injector: Injector;
  readonly receiver: Receiver;
  readonly simulatedDisk: SimulatedDisk;
  readonly objects: Map<string, Buffer>;
  readonly clock: Clock;
  /** What log time may be at most. */
  readonly believable: Believable;
  /** The disk as a process started now sees it. */
  readonly attachDisk: () => Disk;
  readonly store: ObjectStore;
  readonly http: Http;
  /** Chance for whoever plays a part in the story. */
  readonly rng: Rng;
  readonly sites: ReadonlyMap<Site, SiteCount>;
  /** Called when the process is gone, by power or by kill. */
  readonly onCrash: (listener: () => void) => void;
  readonly crashes: () => number;
  readonly trace: (line: string) => void;
  /** The story is over: from now on everything is done at once, for looking at what is left. */
  readonly close: () => void;
};

export type WorldOptions = {
  readonly seed: number;
  readonly startMs: number;
  readonly plan: Plan;
  readonly crashes: readonly PlannedCrash[];
  readonly trace: (line: string) => void;
};

const fullForStepsMax = 60;

export function openSimWorld(options: WorldOptions): SimWorld {
  const { seed, plan, trace } = options;
  // Streams of their own, so that asking one more question here does not change all answers there.
  const stream = (n: number): Rng => openSimulatedRng(seed * 16 + n);
  const latency = stream(2);
  const sites = new Map<Site, SiteCount>();
  const objects = new Map<string, Buffer>();
  let listener: () => void = () => undefined;
  let crashes = 0;
  let roomAgainAt = 0;
  let isOver = false;

  const injector = openInjector({
    rng: stream(1),
    plan,
    crashes: options.crashes,
    fillDisk: () => {
      simulatedDisk.setCapacity(simulatedDisk.used() + Math.floor(latency.next() * 200));
      roomAgainAt = scheduler.steps() + Math.floor(latency.next() * fullForStepsMax);
    },
  });
  const scheduler: Scheduler = openScheduler({
    rng: stream(0),
    startMs: options.startMs,
    trace,
    strike: (step) => {
      if (scheduler.steps() >= roomAgainAt) simulatedDisk.setCapacity(Number.POSITIVE_INFINITY);
      const calls = sites.get(step.site)?.calls ?? Number.POSITIVE_INFINITY;
      return injector.strike(step, { calls, doer: doerOf(step.site) });
    },
    crashed: (step, when) => {
      crashes += 1;
      const site = sites.get(step.site);
      if (site !== undefined) site.crashes += 1;
      if (injector.isPowerLoss()) {
        const lost = simulatedDisk.crash();
        if (lost.files > 0) injector.count("lost-write");
        if (lost.names > 0) injector.count("lost-name");
      } else simulatedDisk.kill();
      trace(`the process is gone (${injector.isPowerLoss() ? "power" : "kill"}, ${when})`);
      listener();
    },
  });
  const at = (what: string, depth: number): Site => {
    const place = callSite(at, depth);
    const known = sites.get(place);
    if (known === undefined) sites.set(place, { calls: 1, crashes: 0, what });
    else known.calls += 1;
    return place;
  };
  /** How long something takes: mostly nothing, now and then long. */
  const lasts = (usualMs: number): number =>
    latency.next() < 0.7 ? 0 : Math.floor(latency.next() * usualMs);
  const slow = (perCall: number, kind: "store-slow" | "receiver-slow"): number => {
    if (!injector.chance(perCall / 4)) return lasts(50);
    injector.count(kind);
    return 1_000 + Math.floor(latency.next() * 30_000);
  };
  const simulatedDisk = openSimulatedDisk({
    rng: stream(3),
    perform: ({ operation, path }, work) => {
      if (isOver) return Promise.resolve(work());
      const site = at(`disk ${operation}`, 3);
      return scheduler.perform({ what: `disk ${operation} ${path}`, site }, lasts(4), work);
    },
  });
  const receiver = openReceiver(
    stream(4),
    plan,
    injector,
    () => simulatedDisk.peek("/data/notify/journal")?.toString() ?? "",
  );
  const http = openSimulatedHttp(receiver.answer, (_, work) => {
    const site = at("http send", 2);
    const afterMs = slow(plan.receiverErrorPerCall, "receiver-slow");
    return scheduler.perform({ what: "http send", site }, afterMs, work);
  });
  const store = openSimulatedStore({
    objects,
    perform: ({ operation, key }, work) => {
      if (isOver) return Promise.resolve(work());
      const site = at(`store ${operation}`, 2);
      const afterMs = slow(plan.storeErrorPerCall, "store-slow");
      return scheduler.perform({ what: `store ${operation} ${key}`, site }, afterMs, work);
    },
  });
  return {
    scheduler,
    injector,
    receiver,
    simulatedDisk,
    objects,
    clock: scheduler.clock,
    believable: openBelievable(scheduler.clock),
    attachDisk: simulatedDisk.attach,
    store,
    http,
    rng: stream(5),
    sites,
    onCrash: (one) => {
      listener = one;
    },
    crashes: () => crashes,
    trace,
    close: () => {
      isOver = true;
      scheduler.close();
    },
  };
}
