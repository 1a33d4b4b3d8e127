import { type Fact, isoTime, type SourceDecision } from "@troth/events";
import type { Policy, SourceRule } from "@troth/policy";

/** What is known of one feed (RULES.md 7). */
type Watch = {
  readonly rule: SourceRule;
  /** Stamp of the latest fact from it; null until the first one: not watched before. */
  heard: number | null;
  /** Stamp of the first one. */
  firstHeard: number | null;
  silent: boolean;
  /** End of the wait for the backlog after it came back; null when not settling. */
  settlesAt: number | null;
  /** Since when it told us nothing; kept while silent or settling, null otherwise. */
  blindSince: number | null;
};

/** What a verdict may ask about a source. */
export type SourceView = {
  /** Whether it was heard before `end`: what was over by then is not held to it. */
  readonly isWatched: (rule: SourceRule, end: number) => boolean;
  /** Null when the source can be trusted. */
  readonly blindSince: (rule: SourceRule) => number | null;
};

export class Sources implements SourceView {
  readonly #watches: readonly Watch[];
  readonly #policyHash: string;

  constructor(policy: Policy) {
    this.#policyHash = policy.hash;
    this.#watches = policy.sources.map((rule) => ({
      rule,
      heard: null,
      firstHeard: null,
      silent: false,
      settlesAt: null,
      blindSince: null,
    }));
  }

  isWatched(rule: SourceRule, end: number): boolean {
    const since = this.#watch(rule)?.firstHeard ?? null;
    return since !== null && since < end;
  }

  blindSince(rule: SourceRule): number | null {
    return this.#watch(rule)?.blindSince ?? null;
  }

  /** The next moment at which a source goes silent or has settled; null when none will. */
  nextMoment(): number | null {
    const moments = this.#watches.flatMap((watch) => momentOf(watch) ?? []);
    return moments.length === 0 ? null : Math.min(...moments);
  }

  /** Indexes of the sources that have settled, or fall silent, at `moment`. */
  changingAt(moment: number): readonly number[] {
    return this.#watches
      .filter((watch) => watch.settlesAt === moment || silenceOf(watch) === moment)
      .map((watch) => watch.rule.index);
  }

  /** Makes the transitions of `moment`. A source that has settled may fall silent at once. */
  pass(moment: number): SourceDecision[] {
    const decisions: SourceDecision[] = [];
    for (const watch of this.#watches) {
      if (watch.settlesAt === moment) {
        watch.settlesAt = null;
        watch.blindSince = null;
      }
      if (silenceOf(watch) !== moment) continue;
      watch.silent = true;
      watch.settlesAt = null;
      watch.blindSince ??= watch.heard;
      decisions.push(this.#decision(watch, "silent", moment));
    }
    return decisions;
  }

  /** Notes that a fact came at `stamp`; a source that was silent is back and begins to settle. */
  hear(fact: Fact, stamp: number): SourceDecision[] {
    const decisions: SourceDecision[] = [];
    for (const watch of this.#watches) {
      if (!watch.rule.matches(fact.source)) continue;
      if (watch.silent) {
        decisions.push(this.#decision(watch, "back", stamp));
        watch.silent = false;
        watch.settlesAt = stamp + watch.rule.settleMs;
      }
      watch.heard = stamp;
      watch.firstHeard ??= stamp;
    }
    return decisions;
  }

  #watch(rule: SourceRule): Watch | undefined {
    return this.#watches.find((watch) => watch.rule.index === rule.index);
  }

  #decision(watch: Watch, state: "silent" | "back", at: number): SourceDecision {
    const since = isoTime(watch.heard ?? at);
    return {
      kind: "source",
      state,
      at,
      source: watch.rule.id,
      owner: watch.rule.owner,
      says:
        state === "silent"
          ? `Nothing heard from ${watch.rule.id} since ${since}.`
          : `${watch.rule.id} is heard again; it was silent since ${since}.`,
      policy: this.#policyHash,
    };
  }
}

const silenceOf = (watch: Watch): number | null =>
  watch.heard === null || watch.silent ? null : watch.heard + watch.rule.silentAfterMs;

function momentOf(watch: Watch): number | null {
  const silence = silenceOf(watch);
  if (watch.settlesAt === null || silence === null) return watch.settlesAt ?? silence;
  return Math.min(watch.settlesAt, silence);
}
