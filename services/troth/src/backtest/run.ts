import {
  type AlertDecision,
  type Decision,
  decisionJson,
  type Fact,
  type Filed,
  type Output,
  type PledgeDecision,
  publicPseudonymKey,
  type SurveyDecision,
} from "@troth/events";
import type { Said } from "@troth/lake";
import type { Policy } from "@troth/policy";
import { type Outcome, outcomeOf } from "@troth/truth";
import { Pipeline } from "../pipeline.ts";

type Body = Output["body"];

/** An alert from its opening to its end; `endedAt` is null while it is open. */
export type Episode = {
  readonly alertId: string;
  readonly customer: string;
  readonly openedAt: number;
  endedAt: number | null;
  /** As it was opened. */
  readonly opened: AlertDecision;
};

export type Groupings = "segment" | "tier" | "region";

/** What one policy makes of the facts of a lake. */
export type Judged = {
  readonly policy: Policy;
  readonly episodes: readonly Episode[];
  /** Rows of the register as they stand at the end, by customer, promise and term. */
  readonly rows: ReadonlyMap<string, PledgeDecision>;
  readonly surveys: readonly SurveyDecision[];
  readonly decisions: number;
};

const rowKey = ({ customer, promiseId, term }: PledgeDecision): string =>
  `${customer}\u0000${promiseId}\u0000${term}`;

/** Folds what one policy says into what a comparison needs. */
export class Verdicts {
  readonly episodes: Episode[] = [];
  readonly rows = new Map<string, PledgeDecision>();
  readonly surveys: SurveyDecision[] = [];
  decisions = 0;
  readonly #open = new Map<string, Episode>();

  fold(body: Body): void {
    switch (body.kind) {
      case "pledge":
        this.rows.set(rowKey(body), body);
        break;
      case "survey":
        this.surveys.push(body);
        break;
      case "alert":
        this.#alert(body);
        break;
      case "flag":
      case "source":
      case "cohort":
        break;
      default:
        return;
    }
    this.decisions += 1;
  }

  #alert(decision: AlertDecision): void {
    const { alertId, customer, state, at } = decision;
    if (state === "opened") {
      const episode = { alertId, customer, openedAt: at, endedAt: null, opened: decision };
      this.episodes.push(episode);
      this.#open.set(alertId, episode);
    } else if (state === "recovered" || state === "withdrawn") {
      const episode = this.#open.get(alertId);
      if (episode !== undefined) episode.endedAt = at;
      this.#open.delete(alertId);
    }
  }
}

/** Judges the facts of a log under one policy, fact by fact. */
export class Run {
  readonly #pipeline: Pipeline;
  readonly #policy: Policy;
  readonly #verdicts = new Verdicts();

  constructor(policy: Policy) {
    this.#policy = policy;
    this.#pipeline = new Pipeline(policy, publicPseudonymKey);
  }

  /** What is written about the next fact, in order. */
  take({ fact, stamp }: Filed): readonly Body[] {
    const out: Body[] = [];
    if (fact === null) this.#pipeline.tick(stamp, out);
    else this.#pipeline.take(fact, stamp, out);
    for (const body of out) this.#verdicts.fold(body);
    return out;
  }

  verdicts(): Judged {
    const { episodes, rows, surveys, decisions } = this.#verdicts;
    return { policy: this.#policy, episodes, rows, surveys, decisions };
  }
}

/** What the facts say that no policy changes: answers, and which group a customer belongs to. */
export class Context {
  readonly outcomes = new Map<string, Outcome>();
  readonly groupOf = new Map<string, string>();
  readonly #by: Groupings;
  facts = 0;
  from: number | null = null;
  to = 0;

  constructor(by: Groupings) {
    this.#by = by;
  }

  take({ fact, stamp }: Filed, said: readonly Body[]): void {
    this.facts += 1;
    this.from ??= stamp;
    this.to = Math.max(this.to, stamp);
    if (fact !== null) this.#answer(fact);
    for (const body of said) {
      if (body.kind !== "noise" || body.customer === null) continue;
      if (body.fact.kind !== "profile.updated") continue;
      const group = body.fact.data[this.#by];
      if (typeof group === "string") this.groupOf.set(body.customer, group);
    }
  }

  #answer(fact: Fact): void {
    if (fact.kind !== "survey.answered") return;
    const invitation = fact.data["invitationId"];
    const outcome = outcomeOf(fact.data);
    if (typeof invitation === "string" && outcome !== null) this.outcomes.set(invitation, outcome);
  }
}

/** Where what is said now differs from what the lake says was said then. */
export type Difference = {
  readonly inOffset: number;
  readonly seq: number;
  readonly before: string | null;
  readonly now: string | null;
};

export type SelfCheck = {
  readonly decisions: number;
  readonly differences: number;
  readonly first: Difference | null;
};

/** Holds the live policy's decisions against those in the lake, byte for byte and place by place. */
export class Checker {
  #decisions = 0;
  #differences = 0;
  #first: Difference | null = null;

  /** `said` are the lake's decisions about this very fact, in order. */
  hold(offset: number, now: readonly Body[], said: readonly Said[]): void {
    const mine = now.flatMap((body, seq) => {
      const decision = decisionOf(body);
      return decision === null ? [] : [{ seq, decision: decisionJson(decision) }];
    });
    this.#decisions += mine.length;
    for (let n = 0; n < Math.max(mine.length, said.length); n += 1) {
      const [one, other] = [mine[n], said[n]];
      if (one?.seq === other?.seq && one?.decision === other?.decision) continue;
      this.#differences += 1;
      this.#first ??= {
        inOffset: offset,
        seq: one?.seq ?? other?.seq ?? 0,
        before: other?.decision ?? null,
        now: one?.decision ?? null,
      };
    }
  }

  result(): SelfCheck {
    return { decisions: this.#decisions, differences: this.#differences, first: this.#first };
  }
}

function decisionOf(body: Body): Decision | null {
  switch (body.kind) {
    case "noise":
    case "retraction":
    case "merge":
    case "split":
      return null;
    default:
      return body;
  }
}
