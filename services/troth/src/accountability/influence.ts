import type { Fact, OperatedBy, Output, PledgeDecision, SurveyDecision } from "@troth/events";
import type { Policy } from "@troth/policy";
import { outcomeOf } from "@troth/truth";
import { type Difference, Strata } from "./difference.ts";

/** What answers say of a link: associations among those asked, never causes. */
export type LinkInfluence = {
  readonly link: string;
  readonly owner: string;
  readonly operatedBy: OperatedBy;
  /** Share that enjoyed it: those it failed against those it did not, among customers who met it. */
  readonly failed: Difference | null;
  /** Share that enjoyed it: those who met the link against those who did not. */
  readonly met: Difference | null;
};

/** A customer met a link who was promised something by it in this time before being asked. */
const metWithinMs = 90 * 86_400_000;
/** Invitations nobody answered for this long back are forgotten. */
const unansweredMax = 100_000;

const other = "other";

/** 95 % for a report; the watermelon asks for 99 %, since it looks at every link all the time. */
export const z95 = 1.96;
export const z99 = 2.576;

type Customer = {
  segment: string;
  /** When each link last promised something. */
  readonly met: Map<string, number>;
  /** Promises of each link that stand broken. */
  readonly failed: Map<string, number>;
};

type Asked = {
  readonly segment: string;
  readonly weight: number;
  readonly met: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
};

/**
 * Holds answers against what each customer had met when asked. Adjusted for segment and for how many
 * other links had failed them (none, one, more): customers are compared within such groups only.
 */
export class Influence {
  readonly #policy: Pick<Policy, "links" | "segments">;
  readonly #customers = new Map<string, Customer>();
  readonly #asked = new Map<string, Asked>();
  readonly #failed = new Map<string, Strata>();
  readonly #met = new Map<string, Strata>();

  constructor(policy: Pick<Policy, "links" | "segments">) {
    this.#policy = policy;
    for (const { id } of policy.links) {
      this.#failed.set(id, new Strata());
      this.#met.set(id, new Strata());
    }
  }

  /** True when an answer changed the figures. */
  fold(body: Output["body"]): boolean {
    if (body.kind === "pledge") this.#pledge(body);
    else if (body.kind === "survey") this.#invited(body);
    else if (body.kind === "noise" && body.customer !== null)
      return this.#fact(body.customer, body.fact);
    return false;
  }

  /** The segment metrics know a customer by. */
  segmentOf(customer: string): string {
    return this.#customers.get(customer)?.segment ?? other;
  }

  /** Heaviest association first; links nobody can speak of last. */
  ranking(z = z95): readonly LinkInfluence[] {
    const weight = ({ failed }: LinkInfluence): number => failed?.difference ?? 1;
    return this.#policy.links
      .map(({ id, owner, operatedBy }) => ({
        link: id,
        owner,
        operatedBy,
        failed: this.#failed.get(id)?.difference(z) ?? null,
        met: this.#met.get(id)?.difference(z) ?? null,
      }))
      .sort((a, b) => weight(a) - weight(b));
  }

  #of(customer: string): Customer {
    const known = this.#customers.get(customer);
    if (known !== undefined) return known;
    const fresh: Customer = { segment: other, met: new Map(), failed: new Map() };
    this.#customers.set(customer, fresh);
    return fresh;
  }

  #pledge({ customer, link, madeAt, verdict, was }: PledgeDecision): void {
    const { met, failed } = this.#of(customer);
    if (verdict !== "void") met.set(link, Math.max(met.get(link) ?? 0, madeAt));
    const by = Number(verdict === "broken") - Number(was === "broken");
    if (by !== 0) failed.set(link, (failed.get(link) ?? 0) + by);
  }

  #invited({ customer, invitationId, at, weight }: SurveyDecision): void {
    const { segment, met, failed } = this.#of(customer);
    this.#asked.set(invitationId, {
      segment,
      weight,
      met: new Set([...met].filter(([, last]) => last >= at - metWithinMs).map(([link]) => link)),
      failed: new Set([...failed].filter(([, count]) => count > 0).map(([link]) => link)),
    });
    if (this.#asked.size <= unansweredMax) return;
    const oldest = this.#asked.keys().next().value;
    if (oldest !== undefined) this.#asked.delete(oldest);
  }

  #fact(customer: string, { kind, data }: Fact): boolean {
    if (kind === "profile.updated") {
      const { segment } = data;
      if (typeof segment === "string")
        this.#of(customer).segment = this.#policy.segments.includes(segment) ? segment : other;
      return false;
    }
    if (kind !== "survey.answered") return false;
    const { invitationId } = data;
    const outcome = outcomeOf(data);
    const asked = typeof invitationId === "string" ? this.#asked.get(invitationId) : undefined;
    if (typeof invitationId !== "string" || asked === undefined || outcome === null) return false;
    this.#asked.delete(invitationId);
    this.#count(asked, outcome === "enjoyed");
    return true;
  }

  #count({ segment, weight, met, failed }: Asked, enjoyed: boolean): void {
    for (const { id } of this.#policy.links) {
      const others = Math.min(2, failed.size - Number(failed.has(id)));
      const group = `${segment} ${others}`;
      this.#met.get(id)?.add(group, met.has(id), weight, enjoyed);
      if (met.has(id)) this.#failed.get(id)?.add(group, failed.has(id), weight, enjoyed);
    }
  }
}
