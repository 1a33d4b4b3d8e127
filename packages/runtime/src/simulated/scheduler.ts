import type { Clock, Rng } from "../ports.ts";

/**
 * What happens to a thing the process waits for: it is done; the machine goes down before it, after it
 * or in the middle of it; or it fails, with or without having had its effect.
 */
export type Strike =
  | { readonly kind: "none" }
  | { readonly kind: "crash"; readonly when: "before" | "during" | "after" }
  | { readonly kind: "fail"; readonly error: Error; readonly after: boolean };

export type Step = {
  readonly what: string;
  /** Where in the program it was asked for; empty for timers and turns. */
  readonly site: string;
};

export type SchedulerOptions = {
  readonly rng: Rng;
  /** UTC milliseconds at which it begins. */
  readonly startMs: number;
  /** Asked before every step of the process; decides what goes wrong. */
  readonly strike: (step: Step) => Strike;
  /** The process is gone at this step: nothing of it will run again. */
  readonly crashed: (step: Step, when: "before" | "during" | "after") => void;
  readonly trace: (line: string) => void;
};

export type Scheduler = {
  /** True time, UTC milliseconds. */
  readonly now: () => number;
  /** The process's clock: true time, and by how much it is set wrong. */
  readonly clock: Clock;
  readonly skew: (byMs: number) => void;
  /** Time passes in which nothing happens, with the machine awake or asleep: timers fire late, once each. */
  readonly leap: (ms: number, machine?: "awake" | "asleep") => void;
  /** Something the process waits for: `work` is done `afterMs` or later from now, or never. */
  readonly perform: <T>(step: Step, afterMs: number, work: (share?: number) => T) => Promise<T>;
  /** Something outside the process, which survives it. */
  readonly outside: (what: string, afterMs: number) => Promise<void>;
  /** Drops everything the process waits for: it is gone. */
  readonly endLife: () => void;
  /** Steps of the process taken so far. */
  readonly steps: () => number;
  /** Goes on, step by step, until `done` or until so many steps were taken; false for the latter. */
  readonly run: (done: () => boolean, stepsMax: number) => Promise<boolean>;
  /** Gives back what it took over from the platform. */
  readonly close: () => void;
};

type Task = {
  readonly at: number;
  readonly step: Step;
  readonly inside: boolean;
  readonly run: () => void;
};

const turnsPerRound = 64;

/**
 * Decides, from a seed, in which order everything happens that anybody waits for: calls to the disk and
 * over the network, timers, and the turns that long work gives to others. While it is open,
 * `setImmediate` of this process is its own: the program under test asks for its turns there.
 */
export function openScheduler(options: SchedulerOptions): Scheduler {
  const { rng, startMs, strike, crashed, trace } = options;
  const platform = globalThis.setImmediate;
  let tasks: Task[] = [];
  let elapsed = 0;
  let skewMs = 0;
  let asleepMs = 0;
  let taken = 0;

  const add = (task: Task): Task => {
    tasks.push(task);
    return task;
  };
  const remove = (task: Task): void => {
    const at = tasks.indexOf(task);
    if (at !== -1) tasks.splice(at, 1);
  };
  const endLife = (): void => {
    tasks = tasks.filter((task) => !task.inside);
  };
  const crash = (step: Step, when: "before" | "during" | "after"): void => {
    endLife();
    crashed(step, when);
  };

  const perform: Scheduler["perform"] = (step, afterMs, work) =>
    new Promise((resolve, reject) => {
      const run = (): void => {
        const struck = strike(step);
        trace(`${elapsed} ${step.what} ${struck.kind}`);
        if (struck.kind === "crash") {
          try {
            if (struck.when === "during") work(rng.next());
            if (struck.when === "after") work();
          } catch {
            // The failure would have been told to a process that is gone.
          }
          crash(step, struck.when);
          return;
        }
        try {
          if (struck.kind === "fail" && !struck.after) throw struck.error;
          const result = work();
          if (struck.kind === "fail") throw struck.error;
          resolve(result);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      add({ at: elapsed + afterMs, step, inside: true, run });
    });

  /** Timers and turns: nothing is done that could be torn, but the process may die just then. */
  const wake = (what: string, afterMs: number, fire: () => void): Task => {
    const step = { what, site: "" };
    const run = (): void => {
      const struck = strike(step);
      if (struck.kind === "crash") {
        trace(`${elapsed} ${what} crash`);
        crash(step, "before");
      } else fire();
    };
    return add({ at: elapsed + afterMs, step, inside: true, run });
  };

  const pick = (): Task | null => {
    if (tasks.length === 0) return null;
    let earliest = Number.POSITIVE_INFINITY;
    let ready = 0;
    for (const { at } of tasks) {
      if (at <= elapsed) ready += 1;
      if (at < earliest) earliest = at;
    }
    if (ready === 0) {
      elapsed = earliest;
      for (const { at } of tasks) if (at <= elapsed) ready += 1;
    }
    let which = Math.floor(rng.next() * ready);
    for (const task of tasks) {
      if (task.at > elapsed) continue;
      if (which === 0) return task;
      which -= 1;
    }
    return null;
  };

  globalThis.setImmediate = Object.assign(
    (fire: (...args: unknown[]) => void, ...args: unknown[]) =>
      wake("turn", 0, () => fire(...args)) as unknown as NodeJS.Immediate,
    { __promisify__: platform.__promisify__ },
  ) as typeof platform;

  return {
    now: () => startMs + elapsed,
    clock: {
      now: () => startMs + elapsed + skewMs,
      elapsed: () => elapsed - asleepMs,
      setTimer: (afterMs, fire) => {
        const task = wake("timer", Math.max(0, afterMs), fire);
        return { cancel: () => remove(task) };
      },
    },
    skew: (byMs) => {
      skewMs += byMs;
    },
    leap: (ms, machine = "awake") => {
      elapsed += ms;
      if (machine === "asleep") asleepMs += ms;
    },
    perform,
    outside: (what, afterMs) =>
      new Promise((resolve) => {
        add({ at: elapsed + afterMs, step: { what, site: "" }, inside: false, run: resolve });
      }),
    endLife,
    steps: () => taken,
    run: (done, stepsMax) =>
      new Promise((resolve, reject) => {
        let count = 0;
        let isOver = false;
        const end = (result: boolean): void => {
          isOver = true;
          resolve(result);
        };
        /** Between two turns the platform does everything that follows without waiting for a step. */
        const turn = (): void => {
          if (isOver) return;
          try {
            const task = count === stepsMax || done() ? null : pick();
            if (task === null) {
              end(done());
              return;
            }
            count += 1;
            remove(task);
            if (task.inside) taken += 1;
            task.run();
          } catch (error) {
            isOver = true;
            reject(error);
          }
        };
        // Many at once: a round of the platform's own loop costs more than a step.
        const round = (): void => {
          if (isOver) return;
          for (let n = 0; n < turnsPerRound; n += 1) platform(turn);
          platform(round);
        };
        round();
      }),
    close: () => {
      globalThis.setImmediate = platform;
    },
  };
}
