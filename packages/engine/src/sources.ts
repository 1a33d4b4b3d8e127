import type { Decision, Fact } from "@troth/events";
import { isoTime } from "@troth/events";
import type { Policy } from "@troth/policy";
import type { Out } from "./out.ts";
import type { EngineRecord } from "./record.ts";

/** What is known of each source rule; plain data, part of the snapshot. */
export type WatchState = { heard: (number | null)[]; silent: boolean[] };

export const emptyWatch = (policy: Policy): WatchState => ({
  heard: policy.sources.map(() => null),
  silent: policy.sources.map(() => false),
});

/**
 * Watches feeds for silence. It sees every fact once, before partitioning, so that a feed's health is
 * worked out once and handed to every partition as a record.
 */
export class SourceWatch {
  readonly state: WatchState;
  readonly #policy: Policy;

  constructor(policy: Policy, state: WatchState = emptyWatch(policy)) {
    this.#policy = policy;
    this.state = state;
  }

  /** When the next feed falls silent if nothing is heard of it; Infinity for none. */
  nextMoment(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const rule of this.#policy.sources) {
      const heard = this.state.heard[rule.index] ?? null;
      if (heard === null || this.state.silent[rule.index]) continue;
      next = Math.min(next, heard + rule.silentAfterMs);
    }
    return next;
  }

  /** The feeds that fall silent exactly at `moment`. */
  fallSilent(moment: number, out: Out): EngineRecord[] {
    const records: EngineRecord[] = [];
    for (const rule of this.#policy.sources) {
      const { index } = rule;
      const heard = this.state.heard[index] ?? null;
      if (heard === null || this.state.silent[index]) continue;
      if (heard + rule.silentAfterMs !== moment) continue;
      this.state.silent[index] = true;
      records.push({ kind: "source", stamp: moment, source: index, change: "silent", heard });
      out.push(this.#say(index, "silent", moment, heard));
    }
    return records;
  }

  /** Notes that a fact was heard; a feed heard for the first time, or again, changes its health. */
  hear(fact: Pick<Fact, "source">, stamp: number, out: Out): EngineRecord[] {
    const records: EngineRecord[] = [];
    for (const rule of this.#policy.sources) {
      if (!rule.matches(fact.source)) continue;
      const { index } = rule;
      const before = this.state.heard[index] ?? null;
      const first = before === null;
      const back = this.state.silent[index] === true;
      this.state.heard[index] = stamp;
      this.state.silent[index] = false;
      if (!first && !back) continue;
      const change = first ? "watched" : "back";
      records.push({ kind: "source", stamp, source: index, change, heard: stamp });
      if (back) out.push(this.#say(index, "back", stamp, before ?? stamp));
    }
    return records;
  }

  #say(index: number, state: "silent" | "back", at: number, heard: number): Decision {
    const rule = this.#policy.sources[index];
    const id = rule?.id ?? "";
    return {
      kind: "source",
      state,
      at,
      source: id,
      owner: rule?.owner ?? "",
      says:
        state === "silent"
          ? `Nothing heard from ${id} since ${isoTime(heard)}.`
          : `${id} is heard again; it was silent since ${isoTime(heard)}.`,
      policy: this.#policy.hash,
    };
  }
}
