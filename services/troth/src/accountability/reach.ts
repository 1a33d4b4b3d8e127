import {
  type CohortDecision,
  type Fact,
  identityOf,
  type Output,
  type PledgeDecision,
} from "@troth/events";
import type { NoiseRule, PledgeTemplate, Policy, TouchDimension } from "@troth/policy";

/** Whom one outage, recall, news item or campaign reached. */
export type Reached = {
  readonly cohort: string;
  readonly rule: string;
  readonly link: string;
  readonly owner: string;
  readonly at: number;
  /** As the judge counted them. */
  readonly touched: number;
  /** Segments of those on the list, most first. */
  readonly segments: readonly { readonly segment: string; readonly customers: number }[];
  /** The list behind the number, in order of name. */
  readonly customers: readonly string[];
};

type ProfileItem = { readonly fact: Fact; readonly identity: string };
type Known = {
  readonly tenant: string;
  profile: readonly ProfileItem[];
  readonly rows: Map<string, PledgeDecision>;
  readonly exposures: { readonly campaignId: string; readonly at: number }[];
};

type Profile = {
  readonly region: string | null;
  readonly segment: string | null;
  readonly products: readonly string[];
};

const cohortsMax = 256;
const unknown = "unknown";
const live: ReadonlySet<string> = new Set(["open", "at-risk", "overdue", "source-blind"]);

const byPlace = ({ fact: a }: ProfileItem, { fact: b }: ProfileItem): number =>
  a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : a.source < b.source ? -1 : 1);

/** What was known of a customer as of a moment, later facts winning field by field. */
function profileOf({ profile }: Known, at: number): Profile {
  const data: Record<string, unknown> = {};
  for (const { fact } of profile) if (fact.time <= at) Object.assign(data, fact.data);
  const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
  const { region, segment, products } = data;
  return {
    region: text(region),
    segment: text(segment),
    products: Array.isArray(products) ? products.filter((one) => typeof one === "string") : [],
  };
}

/**
 * The list behind a blast radius: who was touched, worked out by a join over what the judge wrote. The
 * judge counts for itself; that both agree is tested, and a report shows both.
 */
export class Reach {
  readonly #rules: ReadonlyMap<string, NoiseRule>;
  readonly #templates: ReadonlyMap<string, PledgeTemplate>;
  readonly #customers = new Map<string, Known>();
  readonly #cohorts = new Map<string, Fact>();
  readonly #reached: Reached[] = [];

  constructor({ noises, pledges }: Pick<Policy, "noises" | "pledges">) {
    this.#rules = new Map(noises.map((rule) => [rule.id, rule]));
    this.#templates = new Map(pledges.map((template) => [template.id, template]));
  }

  fold({ body }: Output): void {
    switch (body.kind) {
      case "noise":
        this.#fact(body.customer, body.fact);
        return;
      case "pledge":
        this.#row(body);
        return;
      case "retraction": {
        const known = this.#customers.get(body.customer);
        if (known === undefined) return;
        known.profile = known.profile.filter(({ identity }) => !body.facts.includes(identity));
        return;
      }
      case "cohort":
        this.#cohort(body);
        return;
      case "alert":
      case "flag":
      case "survey":
      case "source":
      case "merge":
      case "split":
        return;
    }
  }

  /** Every cohort that touched somebody, in the order they came; the newest of them. */
  all(): readonly Reached[] {
    return this.#reached;
  }

  latest(cohort: string, rule: string): Reached | null {
    return this.#reached.findLast((one) => one.cohort === cohort && one.rule === rule) ?? null;
  }

  #fact(customer: string | null, fact: Fact): void {
    if (customer === null) {
      this.#cohorts.set(fact.id, fact);
      const oldest = this.#cohorts.keys().next().value;
      if (this.#cohorts.size > cohortsMax && oldest !== undefined) this.#cohorts.delete(oldest);
      return;
    }
    const known = this.#known(customer, fact.tenant);
    if (fact.kind === "profile.updated") {
      const item = { fact, identity: identityOf(fact) };
      known.profile = [...known.profile, item].sort(byPlace);
    }
    const { campaignId, exposedAt } = fact.data;
    if (fact.kind === "advert.exposed" && typeof campaignId === "string")
      known.exposures.push({
        campaignId,
        at: typeof exposedAt === "number" ? exposedAt : fact.time,
      });
  }

  #known(customer: string, tenant: string): Known {
    const known = this.#customers.get(customer);
    if (known !== undefined) return known;
    const fresh: Known = { tenant, profile: [], rows: new Map(), exposures: [] };
    this.#customers.set(customer, fresh);
    return fresh;
  }

  #row(pledge: PledgeDecision): void {
    const known = this.#customers.get(pledge.customer);
    if (known === undefined) return;
    const name = `${pledge.promiseId}#${pledge.term}`;
    if (live.has(pledge.verdict) || pledge.verdict === "broken") known.rows.set(name, pledge);
    else known.rows.delete(name);
  }

  #cohort(said: CohortDecision): void {
    const rule = this.#rules.get(said.rule);
    const fact = this.#cohorts.get(said.cohort);
    if (rule?.touches === null || rule === undefined || fact === undefined || said.touched === 0)
      return;
    const at = rule.at(fact);
    const customers: string[] = [];
    const counts = new Map<string, number>();
    for (const [customer, known] of this.#customers) {
      if (known.tenant !== fact.tenant || !this.#isTouched(known, rule, fact, at)) continue;
      customers.push(customer);
      const segment = profileOf(known, at).segment ?? unknown;
      counts.set(segment, (counts.get(segment) ?? 0) + 1);
    }
    const { cohort, link, owner, touched } = said;
    this.#reached.push({
      ...{ cohort, rule: said.rule, link, owner, at: said.at, touched },
      segments: [...counts]
        .map(([segment, count]) => ({ segment, customers: count }))
        .sort((a, b) => b.customers - a.customers || (a.segment < b.segment ? -1 : 1)),
      customers: customers.sort(),
    });
    if (this.#reached.length > cohortsMax) this.#reached.shift();
  }

  #isTouched(known: Known, { touches }: NoiseRule, fact: Fact, at: number): boolean {
    if (touches === null) return false;
    const profile = profileOf(known, at);
    const matches: Readonly<Record<TouchDimension, (value: string) => boolean>> = {
      region: (value) => profile.region === value,
      segment: (value) => profile.segment === value,
      product: (value) => profile.products.includes(value),
      campaign: (value) => known.exposures.some((one) => one.campaignId === value && one.at <= at),
      link: (value) => [...known.rows.values()].some((row) => this.#dependsOn(row, value, at)),
    };
    const given = touches.by
      .map((dimension) => ({ dimension, value: touches[dimension](fact) }))
      .filter((one): one is { dimension: TouchDimension; value: string } => one.value !== null);
    return given.length > 0 && given.every(({ dimension, value }) => matches[dimension](value));
  }

  #dependsOn(row: PledgeDecision, link: string, at: number): boolean {
    if (row.link !== link || row.madeAt > at) return false;
    if (row.verdict !== "broken") return true;
    const template = this.#templates.get(row.template);
    // Broken by value, by an event that was not to happen, or with nothing that could mend it: it is past.
    const isPast =
      template === undefined ||
      template.limit !== null ||
      template.compare !== null ||
      template.keptBySilence ||
      template.kept.length === 0;
    return !isPast && row.keptAt === null;
  }
}

/** "412 consumer, 80 vip and 11 others", for the sentence of one alert. */
export function segmentsInWords({ segments }: Reached): string {
  const first = segments.slice(0, 3).map(({ segment, customers }) => `${customers} ${segment}`);
  const rest = segments.slice(3).reduce((sum, { customers }) => sum + customers, 0);
  return [...first, ...(rest > 0 ? [`${rest} others`] : [])].join(", ");
}
