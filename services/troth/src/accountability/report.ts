import type { Fact, OperatedBy, Output, PledgeDecision } from "@troth/events";
import type { Policy } from "@troth/policy";
import { type ChangeEffect, effectsOf } from "./changes.ts";
import { type Charge, Charges } from "./charges.ts";
import { type Inflation, inflationOf } from "./inflation.ts";
import { Influence, type LinkInfluence } from "./influence.ts";
import { Reach, type Reached } from "./reach.ts";

/** One line of the scoreboard, over the window of the link's objective. */
export type LinkAccount = {
  readonly link: string;
  readonly owner: string | null;
  readonly operatedBy: OperatedBy | null;
  readonly target: number | null;
  /** Promises of this link that came to be kept or broken in the window. */
  readonly tried: number;
  /** Broken promises it could afford, answers for, and has left; null without an objective. */
  readonly budget: number | null;
  readonly charged: number;
  readonly left: number | null;
  /** Of its own broken promises, those charged to another link. */
  readonly inherited: number;
  /** Of its charges, those that came from other links' promises. */
  readonly forOthers: number;
  readonly disputed: number;
  readonly ruled: number;
};

export type Accountability = {
  readonly until: number;
  readonly broken: number;
  /** Sum over links; always the same as `broken`. */
  readonly charged: number;
  readonly orphans: readonly Charge[];
  readonly disputes: readonly Charge[];
  readonly links: readonly LinkAccount[];
  /** Associations among customers who answered, never causes. */
  readonly influence: readonly LinkInfluence[];
  readonly changes: readonly ChangeEffect[];
  readonly inflation: readonly Inflation[];
  /** Outages, recalls, news and campaigns with those they touched. */
  readonly reached: readonly Reached[];
};

const windowUsualMs = 30 * 86_400_000;
const nowhere = "unknown";

/** Folds everything the judge wrote into who answers for what broke. */
export class Accounts {
  readonly #policy: Policy;
  readonly #charges: Charges;
  readonly #influence: Influence;
  readonly #reach: Reach;
  readonly #rows = new Map<string, PledgeDecision>();
  readonly #regions = new Map<string, string>();
  readonly #changes: Fact[] = [];
  #now = 0;

  constructor(policy: Policy) {
    this.#policy = policy;
    this.#charges = new Charges(policy);
    this.#influence = new Influence(policy);
    this.#reach = new Reach(policy);
  }

  fold(output: Output): void {
    const { body, stamp } = output;
    this.#reach.fold(output);
    this.#now = Math.max(this.#now, stamp);
    this.#charges.fold(body);
    this.#influence.fold(body);
    if (body.kind === "pledge") {
      this.#rows.set(`${body.customer}\u0000${body.promiseId}\u0000${body.term}`, body);
    }
    if (body.kind !== "noise") return;
    const { kind, data } = body.fact;
    if (kind === "organisation.changed") this.#changes.push(body.fact);
    const region = data["region"];
    if (kind === "profile.updated" && body.customer !== null && typeof region === "string")
      this.#regions.set(body.customer, region);
  }

  report(): Accountability {
    const charges = this.#charges.all();
    const rows = [...this.#rows.values()];
    const settled = rows.filter(({ verdict }) => verdict === "kept" || verdict === "broken");
    const outcomes = settled.map(({ link, at, verdict }) => ({
      link,
      at,
      broken: verdict === "broken",
    }));
    const links = this.#policy.links.map(({ id }) => id);
    const unknown = charges.map((one) => one.chargedTo).filter((link) => !links.includes(link));
    const accounts = [...links, ...new Set(unknown)].map((link) =>
      this.#account(link, charges, outcomes),
    );
    return {
      until: this.#now,
      broken: rows.filter(({ verdict }) => verdict === "broken").length,
      charged: charges.length,
      orphans: charges.filter(({ owner }) => owner === null),
      disputes: charges.filter(({ disputed, ruled }) => disputed || ruled),
      links: accounts.sort((a, b) => Number(a.owner !== null) - Number(b.owner !== null)),
      influence: this.#influence.ranking().filter(({ failed, met }) => failed ?? met),
      changes: effectsOf(this.#changes, outcomes, links),
      inflation: this.#inflation(rows),
      reached: this.#reach.all(),
    };
  }

  #account(
    link: string,
    charges: readonly Charge[],
    outcomes: readonly { readonly link: string; readonly at: number }[],
  ): LinkAccount {
    const known = this.#policy.links.find(({ id }) => id === link);
    const objective = this.#policy.objectives.find((one) => one.link.id === link);
    const since = this.#now - (objective?.windowMs ?? windowUsualMs);
    const inWindow = charges.filter((one) => one.since >= since);
    const mine = inWindow.filter(({ chargedTo }) => chargedTo === link);
    const tried = outcomes.filter((one) => one.link === link && one.at >= since).length;
    const budget =
      objective === undefined ? null : Math.floor((1 - objective.target) * tried + 1e-9);
    return {
      link,
      owner: mine.find(({ owner }) => owner !== null)?.owner ?? known?.owner ?? null,
      operatedBy: known?.operatedBy ?? null,
      target: objective?.target ?? null,
      tried,
      budget,
      charged: mine.length,
      left: budget === null ? null : budget - mine.length,
      inherited: inWindow.filter((one) => one.link === link && one.chargedTo !== link).length,
      forOthers: mine.filter((one) => one.link !== link).length,
      disputed: mine.filter(({ disputed }) => disputed).length,
      ruled: mine.filter(({ ruled }) => ruled).length,
    };
  }

  #inflation(rows: readonly PledgeDecision[]): readonly Inflation[] {
    const seen = rows.map(({ customer, template, link, madeAt, at, verdict }) => ({
      kind: template,
      link,
      region: this.#regions.get(customer) ?? nowhere,
      madeAt,
      settledAt: verdict === "kept" || verdict === "broken" ? at : null,
      broken: verdict === "broken",
    }));
    return inflationOf(seen, this.#now, (kind) => {
      const template = this.#policy.pledges.find(({ id }) => id === kind);
      const objective = this.#policy.objectives.find((one) => one.link.id === template?.link.id);
      // Nobody promises the implied ones: they are owed.
      if (template === undefined || objective === undefined || template.how === "implied")
        return null;
      const promiser = template.how === "spoken" ? "representatives" : template.link.owner;
      return { promiser, target: objective.target };
    });
  }
}
