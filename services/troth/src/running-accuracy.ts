import type { Fact, SurveyDecision } from "@troth/events";
import { outcomeOf } from "@troth/truth";

/** Invitations nobody answered for this long back are forgotten; an answer after that is not counted. */
const unansweredMax = 100_000;

/** Weighted precision and recall of `alerted` against "did not enjoy", as answers come in. */
export class RunningAccuracy {
  readonly #asked = new Map<string, { readonly alerted: boolean; readonly weight: number }>();
  #hit = 0;
  #alerted = 0;
  #bad = 0;

  invited({ invitationId, alerted, weight }: SurveyDecision): void {
    this.#asked.set(invitationId, { alerted, weight });
    if (this.#asked.size <= unansweredMax) return;
    for (const oldest of this.#asked.keys()) {
      this.#asked.delete(oldest);
      break;
    }
  }

  /** True when it changed the figures. */
  answered(fact: Fact): boolean {
    const invitation = fact.data["invitationId"];
    const outcome = outcomeOf(fact.data);
    const asked = typeof invitation === "string" ? this.#asked.get(invitation) : undefined;
    if (typeof invitation !== "string" || asked === undefined || outcome === null) return false;
    this.#asked.delete(invitation);
    if (asked.alerted) this.#alerted += asked.weight;
    if (outcome === "not_enjoyed") {
      this.#bad += asked.weight;
      if (asked.alerted) this.#hit += asked.weight;
    }
    return true;
  }

  /** NaN while there is nothing to divide by. */
  get precision(): number {
    return this.#alerted === 0 ? Number.NaN : this.#hit / this.#alerted;
  }

  get recall(): number {
    return this.#bad === 0 ? Number.NaN : this.#hit / this.#bad;
  }
}
