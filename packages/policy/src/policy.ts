import type { Fact, Kind, OperatedBy, Verdict } from "@troth/events";

/**
 * A policy as the engine reads it: checked, with every condition turned into a function.
 *
 * All functions here are pure and total: same fact, same answer, no clock, no exception. Durations
 * are milliseconds. "Measured values" are integers: milliseconds for durations, ten-thousandths for
 * money and plain numbers, so that no judgement rests on binary fractions.
 */
export type Policy = {
  readonly name: string;
  /** First 16 hex digits of the SHA-256 of the canonical compiled text; carried on every decision. */
  readonly hash: string;
  readonly links: readonly Link[];
  readonly sources: readonly SourceRule[];
  readonly pledges: readonly PledgeTemplate[];
  readonly noises: readonly NoiseRule[];
  readonly score: ScoreRules;
  readonly advice: readonly Advice[];
  readonly limits: Limits;
  /** What links are held to, in the order of the links; judging does not look at them. */
  readonly objectives: readonly Objective[];
  /** What may be offered to put it right; judging does not look at it. Null: nothing is proposed. */
  readonly resolutions: Resolutions | null;
  /** Segments that metrics tell apart. */
  readonly segments: readonly string[];
  /** Every kind of fact that some rule reads, with what reads it: the engine's dispatch table. */
  readonly readers: ReadonlyMap<Kind, Readers>;
};

/** One way to put it right. */
export type Candidate = {
  readonly id: string;
  readonly kind: "apology" | "call-back" | "expedite" | "replace" | "credit" | "nothing";
  readonly says: string;
  readonly ledger: "entitlement" | "goodwill";
  /** Ten-thousandths of the currency. */
  readonly amount: number;
  /** Only where something broke on one of these; null for any. */
  readonly links: readonly string[] | null;
  readonly fromSeverity: number;
  readonly unlessContact: readonly string[];
};

export type Resolutions = {
  readonly currency: string;
  readonly fund: { readonly amount: number; readonly everyMs: number };
  /** Links by which customers make themselves heard; breaks on them move no money. */
  readonly heard: readonly string[];
  readonly worthOfMoney: number;
  readonly abstainAbove: number;
  readonly explore: number;
  /** In the order of their names. */
  readonly candidates: readonly Candidate[];
};

export type Link = {
  readonly id: string;
  readonly says: string;
  readonly owner: string;
  readonly operatedBy: OperatedBy;
};

export type Objective = {
  readonly link: Link;
  /** Share of promises to be kept, between 0 and 1. */
  readonly target: number;
  readonly windowMs: number;
};

/** A feed whose silence must not be read as broken promises. */
export type SourceRule = {
  readonly index: number;
  readonly id: string;
  /** CloudEvents `source` values it stands for: exact, or a prefix ending in `*`. */
  readonly matches: (source: string) => boolean;
  /** `matches` as it is written in the policy. */
  readonly match: readonly string[];
  readonly owner: string;
  readonly silentAfterMs: number;
  /** After it is heard again, how long to wait for the backlog before judging. */
  readonly settleMs: number;
};

/**
 * What a rule surely does not hold without: who has many rules to try need not try those. Left out where
 * nothing is known.
 */
export type Needs = {
  /** Fields of a fact's `data`, by their first name, every one of which must be there. */
  readonly needsFields?: readonly string[];
  /** Such a field, where it is a text, must be one of these. */
  readonly needsWords?: readonly { readonly field: string; readonly words: readonly string[] }[];
};

/** A condition on one fact, with what to read from it. */
export type Slot = Needs & {
  readonly kinds: readonly Kind[];
  readonly test: (fact: Fact) => boolean;
  /** When it happened: a field of the fact, or its time. */
  readonly at: (fact: Fact) => number;
  /** A measured value to hold against the pledge's own, or null. */
  readonly value: (fact: Fact) => number | null;
  /**
   * Which pledges of the template it speaks of: those with the same key (`key`), all (`any`), or
   * those whose tag is the same (`tag`). Null from `name` means it speaks of none.
   */
  readonly by: "key" | "any" | "tag";
  readonly name: (fact: Fact) => string | null;
  /** For `any` and `tag`: may also lie up to this long before the pledge was made; 0 otherwise. */
  readonly lookBackMs: number;
  /** For `confirm` and `needs`: counts only within this long; null without limit. */
  readonly withinMs: number | null;
};

/** What a pledge's due moment is worked out from. */
export type DueInput = {
  readonly madeAt: number;
  /** The moment the event stated, if it did. */
  readonly stated: number | null;
  /** The value read by `needs` (an advertised duration, say), if any. */
  readonly needed: number | null;
};
/** Null: no date was given, so nothing can fall due. */
export type Due = (input: DueInput) => number | null;

/** Lateness or excess beyond `over` has this severity; ascending, the first has over = 0. */
export type Step = { readonly over: number; readonly severity: number };

/** A profile as of some moment; absent fields are null. */
export type Profile = {
  readonly segment: string | null;
  readonly tier: string | null;
  readonly region: string | null;
  readonly products: readonly string[];
  readonly contact: string | null;
  readonly pace: string | null;
  readonly price: string | null;
  readonly familiarity: string | null;
};

/** A fact that makes a pledge, or states it anew. A null key makes none. */
export type TermsSlot = Needs & {
  readonly kinds: readonly Kind[];
  readonly test: (fact: Fact) => boolean;
  readonly at: (fact: Fact) => number;
  readonly key: (fact: Fact) => string | null;
  readonly tag: (fact: Fact) => string | null;
  readonly stated: (fact: Fact) => number | null;
  readonly value: (fact: Fact) => number | null;
};

export type PledgeVariant = {
  readonly applies: (profile: Profile) => boolean;
  /** The promise is not made to such a customer. */
  readonly off: boolean;
  readonly due: Due | null;
  readonly limit: number | null;
  /** Points are multiplied by this many per mille. */
  readonly pointsPerMille: number;
};

export type PledgeTemplate = {
  readonly index: number;
  readonly id: string;
  readonly link: Link;
  readonly how: "stated" | "implied" | "spoken" | "advertised";
  readonly madeBy: "system" | "representative" | "advert" | "regulation" | "policy";
  /** Inferred preferences never change an entitlement. */
  readonly entitlement: boolean;
  /** Facts that make the pledge or give it another date; all with the same key speak of one pledge. */
  readonly made: readonly TermsSlot[];
  /** Without such a fact at or before `madeAt` (within `withinMs`) the pledge does not exist. */
  readonly needs: Slot | null;
  readonly due: Due;
  readonly graceMs: number;
  /** at-risk this long before due; null: only by `risk` facts. */
  readonly atRiskBeforeMs: number | null;
  /**
   * The making fact carries its own verdict: kept when `value <= limit`, else broken with excess
   * `value - limit`; null when the template is judged by later facts.
   */
  readonly limit: number | null;
  readonly kept: readonly Slot[];
  /** Any one of the kept slots, or every one of them. */
  readonly keptNeeds: "any" | "all";
  /** No break by due + grace keeps it (a promise that something will not happen). */
  readonly keptBySilence: boolean;
  /** How a kept fact's value must stand to the pledge's own: else that fact breaks the pledge. */
  readonly compare: "at-most" | "at-least" | "equal" | null;
  readonly broken: readonly Slot[];
  readonly withdrawn: readonly Slot[];
  readonly paused: readonly Slot[];
  readonly resumed: readonly Slot[];
  readonly risk: readonly Slot[];
  /** An absence counts only once such a fact follows (within `withinMs` of madeAt). */
  readonly confirm: Slot | null;
  /** False: nobody would tell us; at due + grace it becomes `unverifiable`, never closed. */
  readonly verifiable: boolean;
  readonly source: SourceRule | null;
  /** Judged and measured like any other, but its points are all 0. */
  readonly shadow: boolean;
  readonly steps: readonly Step[];
  /** Severity of an explicit break; null: by steps alone. */
  readonly brokenSeverity: number | null;
  readonly points: {
    readonly bySeverity: readonly number[];
    readonly atRisk: number;
    readonly overdue: number;
    readonly renegotiated: number;
    readonly kept: number;
  };
  readonly variants: readonly PledgeVariant[];
  readonly says: PledgeSayings;
};

export type PledgeSayings = {
  readonly broken: Saying;
  readonly atRisk: Saying;
  readonly overdue: Saying;
  readonly renegotiated: Saying;
  readonly kept: Saying;
};

/** A sentence with its gaps filled: `{due}`, `{late}`, `{value}`, `{limit}`, `{key}`. */
export type Saying = (gaps: SayingGaps) => string;
export type SayingGaps = {
  readonly key: string;
  readonly due: number | null;
  readonly lateMs: number | null;
  readonly value: number | null;
  readonly limit: number | null;
};

export type NoiseVariant = {
  readonly applies: (profile: Profile) => boolean;
  readonly pointsPerMille: number;
};

export type NoiseRule = Needs & {
  readonly index: number;
  readonly id: string;
  readonly link: Link;
  readonly kinds: readonly Kind[];
  readonly test: (fact: Fact) => boolean;
  readonly at: (fact: Fact) => number;
  readonly value: (fact: Fact) => number | null;
  /** Judged and measured like any other, but its points are all 0. */
  readonly shadow: boolean;
  /** By the value (0 when there is none); below the first `over` it is no noise. */
  readonly steps: readonly Step[];
  readonly bySeverity: readonly number[];
  /** Points of credit instead of severity; null for noise. Negative or 0. */
  readonly credit: number | null;
  /** Counts only while a row of that template had one of these verdicts since before it. */
  readonly given: { readonly template: number; readonly verdicts: readonly Verdict[] } | null;
  /** A cohort rule: the fact names nobody; who is touched is worked out. */
  readonly touches: Touches | null;
  readonly variants: readonly NoiseVariant[];
  readonly says: Saying;
};

/** A customer is touched when every dimension listed matches. Never empty. */
export type Touches = {
  readonly by: readonly TouchDimension[];
  readonly region: (fact: Fact) => string | null;
  readonly product: (fact: Fact) => string | null;
  readonly segment: (fact: Fact) => string | null;
  readonly link: (fact: Fact) => string | null;
  readonly campaign: (fact: Fact) => string | null;
};
/** region, product, segment: by profile; link: has a live pledge on that link; campaign: was exposed. */
export type TouchDimension = "region" | "product" | "segment" | "link" | "campaign";

export type ScoreRules = {
  readonly halfLifeMs: number;
  /** Points of severities 1-5 (index 0 unused) unless a rule says otherwise. */
  readonly bySeverity: readonly number[];
  readonly levels: { readonly low: number; readonly medium: number; readonly high: number };
  /** An alert opens at this score (the sum of all parts). */
  readonly alertAt: number;
  readonly recoverBelow: number;
  /** One live part of at least this severity alerts whatever the sum says. */
  readonly criticalSeverity: number;
  /** A broken promise not yet mended keeps its full points this long after due. */
  readonly ongoingForMs: number;
  /** Customers above `none` are looked at again at every multiple of this (UTC). */
  readonly reviewEveryMs: number;
  /** How probable it is that a customer of such a score did not enjoy it; ascending, maybe none. */
  readonly probability: readonly ProbabilityStep[];
};

/** From the score `from` on, so many in a thousand did not enjoy it. */
export type ProbabilityStep = { readonly from: number; readonly perMille: number };

/** What to do and not to do, for a representative, when its condition holds on the flag. */
export type Advice = {
  readonly id: string;
  readonly rules: readonly string[];
  readonly applies: ((profile: Profile) => boolean) | null;
  readonly do: readonly string[];
  readonly dont: readonly string[];
};

export type Limits = {
  readonly pledgesPerCustomer: number;
  readonly termsPerPledge: number;
  readonly marksPerSlot: number;
  readonly looseMarksPerSlot: number;
  readonly noisesPerCustomer: number;
  readonly profileFactsPerCustomer: number;
  readonly cohortsPerPartition: number;
  readonly waitingPerReference: number;
  readonly factsKeptPerReference: number;
  readonly dedupeMs: number;
};

/** What reads one kind of fact. Slot numbers follow `slotsOf(template)`. */
export type Readers = {
  readonly made: readonly { readonly template: PledgeTemplate; readonly slot: TermsSlot }[];
  readonly slots: readonly SlotReader[];
  readonly noises: readonly NoiseRule[];
};
export type SlotReader = {
  readonly template: PledgeTemplate;
  readonly slot: Slot;
  readonly role: SlotRole;
  /** Position in `slotsOf(template)`; what state refers to. */
  readonly number: number;
};
export type SlotRole =
  | "kept"
  | "broken"
  | "withdrawn"
  | "paused"
  | "resumed"
  | "risk"
  | "confirm"
  | "needs";

/** Every slot of a template in one fixed order: what a slot number means. */
export function slotsOf(template: PledgeTemplate): readonly { role: SlotRole; slot: Slot }[] {
  const list: { role: SlotRole; slot: Slot }[] = [];
  const add = (role: SlotRole, slots: readonly (Slot | null)[]): void => {
    for (const slot of slots) if (slot !== null) list.push({ role, slot });
  };
  add("kept", template.kept);
  add("broken", template.broken);
  add("withdrawn", template.withdrawn);
  add("paused", template.paused);
  add("resumed", template.resumed);
  add("risk", template.risk);
  add("confirm", [template.confirm]);
  add("needs", [template.needs]);
  return list;
}
