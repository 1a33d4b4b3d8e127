import { encodeFact, type Fact, type Refusal, type Result } from "@troth/events";
import { encodeSetAside, type SetAside, setAsideOf } from "@troth/intake";
import type { Log, LogInput } from "@troth/log";

/** One event to be loaded: read well, or refused with what it looked like. */
export type Loaded = {
  readonly line: number;
  readonly result: Result<Fact, Refusal>;
  readonly raw: string | null;
};

export type LoadTell = {
  readonly admitted: (facts: number, reasons: readonly Refusal["reason"][]) => void;
};

export type LoadOptions = {
  readonly origin: string;
  readonly now: number;
  readonly facts: Log;
  readonly setAside: Log;
  /** A fact, and what was refused, as they are kept. */
  readonly kept: (fact: Fact) => Fact;
  readonly keptAside: (item: SetAside) => SetAside;
  readonly tell: LoadTell;
};

/**
 * Appends events to the facts log, log time following their recorded times; what was refused goes to
 * the other log. Loading the same file twice does no harm: the events keep their ids.
 */
export async function load(
  batch: readonly Loaded[],
  { origin, now, facts, setAside, kept, keptAside, tell }: LoadOptions,
): Promise<number> {
  let group: LogInput[] = [];
  let stamp = 0;
  let latest = 0;
  let count = 0;
  const refused: SetAside[] = [];
  // Appended in order without waiting for each: those of one batch share few syncs.
  const appends: Promise<unknown>[] = [];
  const flush = (): void => {
    if (group.length > 0) appends.push(facts.append(group, stamp));
    group = [];
  };
  for (const { line, result, raw } of batch) {
    if (!result.ok) {
      refused.push(setAsideOf(Buffer.from(raw ?? ""), result.error, { at: now, origin, line }));
      continue;
    }
    const { recordedTime } = result.value;
    latest = Math.max(latest, recordedTime);
    // Records of one append share a stamp, so a new moment begins a new one.
    if (recordedTime > stamp) {
      flush();
      stamp = recordedTime;
    }
    group.push({ bytes: encodeFact(kept(result.value)) });
    count += 1;
  }
  flush();
  await Promise.all(appends);
  if (refused.length > 0) {
    await setAside.append(
      refused.map((one) => ({ bytes: encodeSetAside(keptAside(one)) })),
      now,
    );
  }
  tell.admitted(
    count,
    refused.map((one) => one.reason),
  );
  return latest;
}
