import { createHash } from "node:crypto";
import type { Policy } from "@troth/policy";
import { jumpMs, openSimulatedRng } from "@troth/runtime";
import { check } from "./checks.ts";
import { type Ledger, openWire, send, type Wire } from "./clients.ts";
import { calm, type FaultKind, type Plan, type PlannedCrash, planOf } from "./faults.ts";
import { beginLife, type Life } from "./life.ts";
import type { Site } from "./site.ts";
import { type Workload, workloadOf } from "./workload.ts";
import { openSimWorld, type SimWorld, type SiteCount } from "./world.ts";

export type RunOptions = {
  readonly seed: number;
  readonly policy: Policy;
  /** Crashes at named steps and nothing else, instead of whatever the seed says. */
  readonly crashes?: readonly PlannedCrash[];
  readonly eventsMax?: number;
  /** Hears every line of the story as it is told. */
  readonly trace?: (line: string) => void;
};

export type RunResult = {
  readonly seed: number;
  /** What went wrong that must not; empty when all is well. */
  readonly violations: readonly string[];
  /** Steps of the process in all its lives. */
  readonly steps: number;
  readonly lives: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly sites: ReadonlyMap<Site, SiteCount>;
  /** SHA-256 of the whole story. */
  readonly sha256: string;
  readonly facts: number;
  readonly outputs: number;
  readonly messages: number;
};

const startMs = Date.UTC(2026, 2, 27);
const stepsMax = 60_000;
const faultStepsMax = 2_000;
const usualEvents = 18;
const sendersMax = 2;
const dayMs = 86_400_000;
/** Within so long everything is told once nothing is wrong any more: the longest back-off, and again. */
const outMs = 15 * 60_000;
/** Within so long the judge notices a deadline on a quiet log. */
const ticksMs = 600;

/** Everything that is judged at the end. */
export type Story = {
  readonly world: SimWorld;
  readonly policy: Policy;
  readonly workload: Workload;
  readonly ledger: Ledger;
  readonly lives: readonly Life[];
  /** Facts whose outputs must be there, be told and be in the lake. */
  readonly settledFacts: number;
  /** When all had been quiet for a while, by the process's clock: what was due then has been decided. */
  readonly quietAt: number;
};

/** Starts a process again and again, as the machine's supervisor does, until told to leave it. */
class Supervisor {
  readonly #world: SimWorld;
  readonly #begin: () => Life;
  readonly #cut: () => void;
  life: Life | null = null;
  readonly lives: Life[] = [];
  /** A process that declared itself sick of something it must live with. */
  readonly wrong: string[] = [];
  /** Nobody starts it again after it ended in order. */
  leaving = false;
  isDown = false;

  constructor(world: SimWorld, begin: () => Life, cut: () => void) {
    this.#world = world;
    this.#begin = begin;
    this.#cut = cut;
    world.onCrash(() => this.#gone("crashed"));
  }

  start(): void {
    const life = this.#begin();
    this.life = life;
    this.lives.push(life);
    life.ended.then((code) => {
      if (this.life !== life) return;
      // What a process leaves behind when it exits: nothing that waits, and no locks.
      this.#world.scheduler.endLife();
      this.#world.simulatedDisk.kill();
      this.#gone(code === 0 ? "ended" : "gave up");
    });
  }

  /** A process that says it has stopped working is stopped and started anew. */
  look(): void {
    const why = this.life?.embedded()?.health() ?? null;
    if (why === null || this.life === null || this.life.stop.signal.aborted) return;
    this.#world.injector.count("gave-up");
    if (/: store (?:putIfAbsent|get|list) /.test(why)) this.wrong.push(`a store ended it: ${why}`);
    this.#world.trace(`unhealthy: ${why}`);
    this.life.stop.request("unhealthy");
  }

  /** Tells it to stop in order; one that dies of it is started once more, and told again. */
  leave(): boolean {
    this.leaving = true;
    const { life } = this;
    if (life?.isUp() === true && !life.stop.signal.aborted) life.stop.request("the end");
    return this.isDown;
  }

  #gone(how: "crashed" | "ended" | "gave up"): void {
    this.#world.trace(`down (${how})`);
    this.life = null;
    this.#cut();
    if (this.leaving && how === "ended") {
      this.isDown = true;
      return;
    }
    const { scheduler, injector, rng } = this.#world;
    if (injector.chance(0.2) && rotSnapshot(this.#world)) injector.count("snapshot-rot");
    void scheduler.outside("start", Math.floor(rng.next() * 2_000)).then(() => this.start());
  }
}

/** Changes one byte of the newest snapshot, as an old disk does; the one before must do. */
function rotSnapshot(world: SimWorld): boolean {
  const { simulatedDisk, rng } = world;
  const names = simulatedDisk.names("/data/snapshots").filter((name) => name.endsWith(".snapshot"));
  const path = `/data/snapshots/${names.at(-1)}`;
  const bytes = names.length === 0 ? null : simulatedDisk.peek(path);
  if (bytes === null || bytes.length === 0) return false;
  const at = Math.floor(rng.next() * bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(rng.next() * 8));
  simulatedDisk.poke(path, bytes);
  return true;
}

/** Clocks that are set, machines that sleep, people who stop a process in order: now and then. */
async function meddle(world: SimWorld, plan: Plan, supervisor: Supervisor): Promise<never> {
  const { scheduler, injector, rng } = world;
  for (;;) {
    await scheduler.outside("watch", 50 + Math.floor(rng.next() * 2_000));
    supervisor.look();
    if (injector.chance(plan.clockPerPost)) {
      const fate = rng.next();
      const kind = fate < 0.35 ? "clock-forward" : fate < 0.7 ? "clock-back" : "suspend";
      injector.count(kind);
      world.trace(kind);
      const ms = Math.floor(rng.next() ** 3 * dayMs);
      if (ms > jumpMs) world.believable.disturbed();
      if (kind === "suspend") scheduler.leap(ms, "asleep");
      else scheduler.skew(kind === "clock-forward" ? ms : -ms);
    }
    const life = supervisor.life;
    // Where something does not work people restart what is near it.
    const stopChance = plan.stopPerPost * (injector.isStoreAway() ? 6 : 1);
    if (life !== null && !life.stop.signal.aborted && injector.chance(stopChance)) {
      injector.count("stop");
      world.trace("told to stop");
      life.stop.request("told to");
    }
  }
}

type Settled = {
  /** Whether everything sent so far is judged, read and told. */
  readonly isReached: () => boolean;
  /** Facts there were then: what comes later may still be under way at the end. */
  readonly facts: () => number;
};

function watchSettled(supervisor: Supervisor): Settled {
  let asked: Life | null = null;
  let settled: Life | null = null;
  let facts = 0;
  const ask = async (life: Life): Promise<void> => {
    const embedded = life.embedded();
    if (embedded === null) return;
    const ends = await embedded.ends();
    await embedded.settled();
    facts = ends.facts;
    settled = life;
  };
  return {
    isReached: () => {
      const { life } = supervisor;
      // Of a process that is closing, readers that are gone hold nobody up.
      if (life === null || !life.isUp() || life.stop.signal.aborted) return false;
      if (asked !== life) {
        asked = life;
        ask(life).catch(() => undefined);
      }
      return settled === life && life.listeners()?.waiting() === 0;
    },
    facts: () => facts,
  };
}

/** Whether a process has been up, with log time at `quietAt`, for as long as it takes to notice what is due. */
function watchQuiet(world: SimWorld, supervisor: Supervisor, quietAt: number): () => boolean {
  let since: number | null = null;
  return () => {
    const { life } = supervisor;
    const now = world.scheduler.now();
    const isUp = life?.isUp() === true && !life.stop.signal.aborted;
    const isReached = isUp && (life.embedded()?.logTime() ?? 0) >= quietAt;
    if (!isReached) since = null;
    else since ??= now;
    return since !== null && now - since > ticksMs;
  };
}

/** Goes on until `done`, letting time pass when only time helps; false when that does not help. */
async function runUntil(world: SimWorld, done: () => boolean, stepsMost: number): Promise<boolean> {
  const { scheduler } = world;
  for (let taken = 0; taken < stepsMost; taken += 200) {
    if (await scheduler.run(done, 200)) return true;
    scheduler.leap(5_000);
  }
  return false;
}

async function tell(
  world: SimWorld,
  plan: Plan,
  options: RunOptions,
  problems: string[],
): Promise<Story> {
  const { seed, policy, crashes, eventsMax = usualEvents } = options;
  const { injector, scheduler } = world;
  const workload = workloadOf({
    seed,
    rng: openSimulatedRng(seed * 16 + 14),
    injector,
    eventsMax,
    sizes: plan.aim?.sizes ?? {},
    withFaults: crashes === undefined,
  });
  const ledger: Ledger = {
    acknowledged: new Set(),
    handedIn: new Map(),
    accepted: 0,
    setAside: 0,
    heard: 0,
  };
  const begin = (): Life => beginLife(world, policy, workload.sizes);
  let wire: Wire | null = null;
  const supervisor = new Supervisor(world, begin, () => wire?.cut());
  wire = openWire(world, { life: () => supervisor.life });
  supervisor.start();
  let from = 0;
  const next = () => {
    const lines = workload.lines.slice(from, from + 1 + Math.floor(world.rng.next() * 6));
    from += lines.length;
    return lines;
  };
  let sending = sendersMax;
  for (let n = 0; n < sendersMax; n += 1)
    send({ world, injector, plan, wire, ledger, next }).then(
      () => {
        sending -= 1;
      },
      (error: unknown) => void problems.push(`a sender failed: ${String(error)}`),
    );
  meddle(world, plan, supervisor).catch((error: unknown) =>
    problems.push(`the meddler failed: ${String(error)}`),
  );
  await scheduler.run(() => sending === 0, faultStepsMax);
  if (plan.clockPerPost > 0 && injector.chance(0.5)) {
    // Once more, when no event will come any more that moves time on.
    injector.count("clock-back");
    scheduler.skew(-Math.floor(world.rng.next() ** 3 * dayMs));
  }
  injector.heal();
  world.simulatedDisk.setCapacity(Number.POSITIVE_INFINITY);
  world.trace("healed");
  const stuck = (what: string): void => void problems.push(`stuck: ${what}`);
  if (!(await runUntil(world, () => sending === 0, stepsMax))) stuck("events are not taken in");
  const wellSince = scheduler.now();
  if (!(await runUntil(world, watchSettled(supervisor).isReached, stepsMax)))
    stuck("what is in the log does not come out");
  if (scheduler.now() - wellSince > outMs)
    problems.push(`${scheduler.now() - wellSince} ms went by with all well before all was told`);
  // Deadlines pass, and alerts fade, in silence.
  const days = world.rng.next() < 0.25 ? 60 : 2;
  scheduler.leap(61_000 + Math.floor(world.rng.next() * days * dayMs));
  const quietAt = world.clock.now();
  await runUntil(world, watchQuiet(world, supervisor, quietAt), stepsMax);
  // Storms are told of when their minute is over, and the last may have begun after the first leap.
  for (let minutes = 0; minutes < 2; minutes += 1) {
    scheduler.leap(61_000);
    await runUntil(world, watchQuiet(world, supervisor, quietAt), stepsMax);
  }
  const settled = watchSettled(supervisor);
  if (!(await runUntil(world, settled.isReached, stepsMax))) stuck("messages are not told");
  const gone = await runUntil(world, () => supervisor.leave(), stepsMax);
  if (!gone) stuck("the process does not stop");
  const { lives, wrong } = supervisor;
  problems.push(...wrong, ...world.believable.violations);
  return {
    world,
    policy,
    workload,
    ledger,
    lives,
    settledFacts: settled.facts(),
    quietAt,
  };
}

/** One story from its seed: the same seed, the same story, to the last byte. */
export async function runSeed(options: RunOptions): Promise<RunResult> {
  const { seed, crashes } = options;
  const hash = createHash("sha256");
  // Hashed some at a time: each call costs more than its line.
  let told = "";
  const hashTold = (): void => {
    hash.update(told);
    told = "";
  };
  const trace = (line: string): void => {
    told += line;
    if (told.length > 16_384) hashTold();
    options.trace?.(line);
  };
  const plan: Plan = crashes === undefined ? planOf(openSimulatedRng(seed * 16 + 15)) : calm;
  const world = openSimWorld({ seed, startMs, plan, crashes: crashes ?? [], trace });
  const problems: string[] = [];
  const onRejection = (reason: unknown): void => void problems.push(`unhandled: ${String(reason)}`);
  process.on("unhandledRejection", onRejection);
  try {
    const story = await tell(world, plan, options, problems);
    world.close();
    const checked = await check(story);
    hashTold();
    return {
      seed,
      violations: [...problems, ...checked.violations],
      steps: world.scheduler.steps(),
      lives: story.lives.length,
      faults: world.injector.counts,
      sites: world.sites,
      sha256: hash.digest("hex"),
      facts: checked.facts,
      outputs: checked.outputs,
      messages: world.receiver.told.length,
    };
  } finally {
    world.close();
    process.off("unhandledRejection", onRejection);
  }
}
