/** What one run of a case found: so many a second (or bytes), and the same per second of processor. */
export type Figure = {
  readonly value: number;
  /** Per second of processor time: what a busy neighbour on the machine does not change; null for sizes. */
  readonly perCpu: number | null;
  /** More the run has to say, such as a percentile; shown beside the last run's figure. */
  readonly note?: string;
};

export type Case = {
  /** Names the case within its suite, in results too: short and stable. */
  readonly id: string;
  /** What is counted: `events/s`, `B/customer` … */
  readonly unit: string;
  /** The case of this suite it is held against, in the same run; null for a peer itself or none. */
  readonly peer: string | null;
  readonly run: () => Promise<Figure> | Figure;
};

/**
 * A bench of one part. Every file in `suites/` exports one as `suite`; that is all there is to adding
 * one. Preparing is not measured; `close` is called whatever happens.
 */
export type Suite = {
  readonly says: string;
  readonly prepare: (options: SuiteOptions) => Promise<PreparedSuite> | PreparedSuite;
};

export type SuiteOptions = {
  /** 1 for the published figures; a tenth for a glance. Sizes should follow it. */
  readonly scale: number;
};

export type PreparedSuite = {
  readonly cases: readonly Case[];
  readonly close?: () => Promise<void> | void;
};

/** Times `work`, which does `count` things. */
export async function timed(
  count: number,
  work: () => Promise<unknown> | unknown,
): Promise<Figure> {
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const began = process.hrtime.bigint();
  await work();
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { value: count / seconds, perCpu: count / ((user + system) / 1e6) };
}

/** Like `timed`, for work on parts that are made one after the other: making them is not measured. */
export function timedParts<T>(
  parts: Iterable<readonly T[]>,
  work: (part: readonly T[]) => void,
): Figure {
  globalThis.gc?.();
  let count = 0;
  let ns = 0n;
  let us = 0;
  for (const part of parts) {
    const cpu = process.cpuUsage();
    const began = process.hrtime.bigint();
    work(part);
    ns += process.hrtime.bigint() - began;
    const { user, system } = process.cpuUsage(cpu);
    us += user + system;
    count += part.length;
  }
  return { value: (count * 1e9) / Number(ns), perCpu: (count * 1e6) / us };
}

/** Bytes the process holds for its data: the heap and what lies beside it, garbage collected first. */
export async function bytesHeld(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    // Memory beside the heap is given back by a thread of its own, after the collection.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
