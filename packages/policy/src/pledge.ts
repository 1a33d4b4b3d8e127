import { compileProfile } from "./condition.ts";
import { type Context, lookUp } from "./context.ts";
import { compileDue } from "./due.ts";
import {
  checkEnds,
  checkMeasures,
  compileSeverity,
  type Draft,
  thresholdOf,
  wrong,
} from "./pledge-checks.ts";
import type { PledgeSayings, PledgeTemplate, PledgeVariant, Slot } from "./policy.ts";
import type { PolicyPath } from "./problem.ts";
import { compileSaying } from "./saying.ts";
import { noPoints, pointsOf } from "./severity.ts";
import type { ScoreText } from "./shape.ts";
import type { SlotText } from "./shape-parts.ts";
import type { PledgeText } from "./shape-rules.ts";
import { type CompiledSlot, compileSlot, compileTerms, type Making } from "./slots.ts";
import type { Zone } from "./zone.ts";

function compileVariants(draft: Draft): readonly PledgeVariant[] {
  const { text, path, context } = draft;
  return text.variants.map((variant, i): PledgeVariant => {
    const where = [...path, "variants", i];
    if (variant.limit !== undefined && text.limit === undefined) {
      const remedy = "add `limit` to the pledge";
      wrong(draft, ["variants", i, "limit"], {
        found: "limit",
        expected: "a pledge with a limit",
        remedy,
      });
    }
    const limit =
      variant.limit === undefined
        ? null
        : thresholdOf(draft, variant.limit, ["variants", i, "limit"]);
    const due =
      variant.due === undefined
        ? null
        : compileDue(variant.due, text.calendar, [...where, "due"], context).due;
    const pointsPerMille = Math.round(variant.points * 1_000);
    return { applies: compileProfile(variant.if), off: variant.off, due, limit, pointsPerMille };
  });
}

const words = (id: string): string => id.replaceAll("-", " ");

function compileSayings(draft: Draft, zone: Zone): PledgeSayings {
  const { id, text, due, context } = draft;
  const day = due.never || (due.onlyStated && text.limit !== undefined) ? "" : ", due {due}";
  const name = words(id);
  const usual: Readonly<Record<keyof PledgeSayings, string>> = {
    broken: `Promise not kept: ${name}${day}.`,
    atRisk: `Promise at risk: ${name}${day}.`,
    overdue: `Promise overdue: ${name}${day}.`,
    renegotiated: `Promise moved to another date: ${name}${day}.`,
    kept: `Promise kept: ${name}.`,
  };
  const say = (which: keyof PledgeSayings) => {
    const sentence = text.says[which] ?? usual[which];
    const { saying, problems } = compileSaying(sentence, draft.dimension ?? "number", zone);
    for (const problem of problems) {
      const path = [...draft.path, "says", which];
      context.problems.add({
        path,
        part: "value",
        expected: "a gap that can be filled",
        ...problem,
      });
    }
    return saying;
  };
  return {
    broken: say("broken"),
    atRisk: say("atRisk"),
    overdue: say("overdue"),
    renegotiated: say("renegotiated"),
    kept: say("kept"),
  };
}

const present = <Item>(items: readonly (Item | null)[]): readonly Item[] =>
  items.filter((item): item is Item & {} => item !== null);

function pointsOfPledge({ points, atRisk, shadow }: PledgeText, score: ScoreText) {
  if (shadow) return { bySeverity: noPoints, atRisk: 0, overdue: 0, renegotiated: 0, kept: 0 };
  const { overdue, renegotiated, kept } = points;
  const bySeverity = pointsOf(points.bySeverity ?? score.severities);
  return { bySeverity, atRisk: atRisk.points, overdue, renegotiated, kept };
}

/** The template of a pledge; null when something it cannot do without was refused. */
export function compilePledge(
  id: string,
  text: PledgeText,
  score: ScoreText,
  context: Context,
): PledgeTemplate | null {
  const path: PolicyPath = ["pledges", id];
  const link = lookUp(context.links, text.link, "link", [...path, "link"], context.problems);
  const source =
    text.source === undefined
      ? null
      : lookUp(context.sources, text.source, "source", [...path, "source"], context.problems);
  const due = compileDue(text.due, text.calendar, [...path, "due"], context);
  const calendar =
    text.calendar === undefined
      ? null
      : lookUp(
          context.calendars,
          text.calendar,
          "calendar",
          [...path, "calendar"],
          context.problems,
        );
  const made = present(
    text.made.map((terms, i) => compileTerms(terms, due.onlyStated, [...path, "made", i], context)),
  );
  const making: Making = {
    key: text.made[0]?.key ?? [],
    tagged: text.made.some((terms) => terms.tag !== undefined),
  };
  const slots = (role: string, texts: readonly SlotText[]): readonly CompiledSlot[] =>
    present(texts.map((slot, i) => compileSlot(slot, making, [...path, role, i], context)));
  const one = (role: string, slot: SlotText | undefined): CompiledSlot | null =>
    slot === undefined ? null : compileSlot(slot, making, [...path, role], context);
  const kept = slots("kept", text.kept);
  const plain = (role: string, texts: readonly SlotText[]): readonly Slot[] =>
    slots(role, texts).map(({ slot }) => slot);
  const needs = one("needs", text.needs);
  const dimension = made.find((terms) => terms.dimension !== null)?.dimension ?? null;
  const draft: Draft = { id, text, path, context, due, made, kept, dimension };
  checkMeasures(draft);
  checkEnds(draft);
  if (due.reads.has("needed") && needs !== null && needs.dimension !== "duration") {
    const remedy = "name a field that is a duration";
    const expected = "a duration";
    wrong(draft, ["needs"], {
      found: `needs that measures ${needs.dimension ?? "nothing"}`,
      expected,
      remedy,
    });
  }
  const { steps, broken } = compileSeverity(draft);
  const rest = {
    broken: plain("broken", text.broken),
    withdrawn: plain("withdrawn", text.withdrawn),
    paused: plain("paused", text.paused),
    resumed: plain("resumed", text.resumed),
    risk: plain("risk", text.risk),
    confirm: one("confirm", text.confirm)?.slot ?? null,
    variants: compileVariants(draft),
    says: compileSayings(draft, calendar?.zone ?? context.zone),
    limit: text.limit === undefined ? null : thresholdOf(draft, text.limit, ["limit"]),
  };
  if (link === null) return null;
  return {
    ...rest,
    index: context.pledgeIds.indexOf(id),
    id,
    link,
    how: text.how,
    madeBy: text.madeBy,
    entitlement: text.entitlement,
    made: made.map(({ slot }) => slot),
    needs: needs?.slot ?? null,
    due: due.due,
    graceMs: text.grace,
    atRiskBeforeMs: text.atRisk.before ?? null,
    kept: kept.map(({ slot }) => slot),
    keptNeeds: text.keptNeeds,
    keptBySilence: text.keptBySilence,
    compare: text.compare ?? null,
    verifiable: text.verifiable,
    source,
    shadow: text.shadow,
    steps,
    brokenSeverity: broken,
    points: pointsOfPledge(text, score),
  };
}
