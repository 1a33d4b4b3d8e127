import { type FaultKind, faultKinds } from "./faults.ts";
import type { RunResult } from "./run.ts";
import { sourceOf } from "./site.ts";

/** A place that waits for the world, and how often it was asked and struck there. */
export type SiteTally = {
  readonly site: string;
  readonly what: string;
  readonly calls: number;
  readonly crashes: number;
};

/** What many seeds came to, in a form that can be sent from one process to another. */
export type Tally = {
  readonly seeds: number;
  readonly steps: number;
  readonly lives: number;
  readonly facts: number;
  readonly outputs: number;
  readonly messages: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly sites: readonly SiteTally[];
};

type Counts = {
  seeds: number;
  steps: number;
  lives: number;
  facts: number;
  outputs: number;
  messages: number;
};

export class Tallies {
  readonly #sum: Counts = { seeds: 0, steps: 0, lives: 0, facts: 0, outputs: 0, messages: 0 };
  readonly #faults = new Map<string, number>(faultKinds.map((kind) => [kind, 0]));
  readonly #sites = new Map<string, { what: string; calls: number; crashes: number }>();

  add(result: RunResult): void {
    this.#add({ ...result, seeds: 1 });
    for (const [kind, count] of result.faults) this.#fault(kind, count);
    // Raw positions: where they are in the source is looked up once, at the end.
    for (const [site, { what, calls, crashes }] of result.sites)
      this.#site(site, what, calls, crashes);
  }

  merge(tally: Tally): void {
    this.#add(tally);
    for (const [kind, count] of Object.entries(tally.faults)) this.#fault(kind, count);
    for (const { site, what, calls, crashes } of tally.sites)
      this.#site(site, what, calls, crashes);
  }

  /** With places as the source has them. */
  total(): Tally {
    const named = new Tallies();
    for (const [site, { what, calls, crashes }] of this.#sites)
      named.#site(sourceOf(site), what, calls, crashes);
    return {
      ...this.#sum,
      faults: Object.fromEntries(this.#faults),
      sites: [...named.#sites]
        .map(([site, counted]) => ({ site, ...counted }))
        .sort((a, b) => (a.site < b.site ? -1 : 1)),
    };
  }

  #add(counts: Counts): void {
    this.#sum.seeds += counts.seeds;
    this.#sum.steps += counts.steps;
    this.#sum.lives += counts.lives;
    this.#sum.facts += counts.facts;
    this.#sum.outputs += counts.outputs;
    this.#sum.messages += counts.messages;
  }

  #fault(kind: string, count: number): void {
    this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + count);
  }

  #site(site: string, what: string, calls: number, crashes: number): void {
    const known = this.#sites.get(site) ?? { what, calls: 0, crashes: 0 };
    this.#sites.set(site, {
      what: known.what,
      calls: known.calls + calls,
      crashes: known.crashes + crashes,
    });
  }
}

/** What was struck too seldom for a run of so many seeds to mean much; empty when nothing was. */
export function seldom(tally: Tally): readonly string[] {
  const faultsLeast = Math.floor(tally.seeds / 10);
  const crashesLeast = Math.floor(tally.seeds / 1_000);
  return [
    ...faultKinds
      .filter((kind: FaultKind) => (tally.faults[kind] ?? 0) < faultsLeast)
      .map((kind) => `${kind} happened ${tally.faults[kind] ?? 0} times, not ${faultsLeast}`),
    ...tally.sites
      .filter(({ site, crashes }) => site !== "" && crashes < crashesLeast)
      .map(({ site, crashes }) => `${site} was struck ${crashes} times, not ${crashesLeast}`),
  ];
}
