import type { Fact } from "@troth/events";
import { breakRate, noneTried, plus, rateVariance, type Tried, triedOf } from "./tried.ts";

/** A change of the organisation, and how often promises broke before and after it. */
export type ChangeEffect = {
  readonly changeId: string;
  readonly changeType: string | null;
  readonly link: string;
  readonly effectiveFrom: number;
  readonly decidedBy: string | null;
  readonly before: Tried;
  readonly after: Tried;
  /** The link it is held against: no change of its own, and nearest in rate before. */
  readonly control: string | null;
  readonly controlBefore: Tried;
  readonly controlAfter: Tried;
  /** Change of the break rate beyond the control's, with its 95 % interval; null where it cannot be said. */
  readonly difference: number | null;
  readonly low: number | null;
  readonly high: number | null;
};

export type Outcome = { readonly link: string; readonly at: number; readonly broken: boolean };

const dayMs = 86_400_000;
/** This long on either side of the change. */
const windowMs = 28 * dayMs;
/** Fewer promises than this on a side say nothing of a rate. */
const triedMin = 20;
const z = 1.96;

type Change = { readonly fact: Fact; readonly link: string; readonly at: number };

function changesOf(facts: readonly Fact[]): readonly Change[] {
  return facts.flatMap((fact) => {
    const { link, effectiveFrom } = fact.data;
    if (fact.kind !== "organisation.changed" || typeof link !== "string") return [];
    return [{ fact, link, at: typeof effectiveFrom === "number" ? effectiveFrom : fact.time }];
  });
}

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** Break rates before and after each change of a link, against a link nobody changed. */
export function effectsOf(
  facts: readonly Fact[],
  outcomes: readonly Outcome[],
  links: readonly string[],
): readonly ChangeEffect[] {
  const changes = changesOf(facts);
  const tried = (link: string, from: number, until: number): Tried =>
    outcomes
      .filter((one) => one.link === link && one.at >= from && one.at < until)
      .map(({ broken }) => ({ kept: Number(!broken), broken: Number(broken) }))
      .reduce(plus, noneTried);
  return changes.map(({ fact, link, at }) => {
    const around = (of: string): readonly [Tried, Tried] => [
      tried(of, at - windowMs, at),
      tried(of, at, at + windowMs),
    ];
    const [before, after] = around(link);
    const isChanged = (of: string): boolean =>
      changes.some((one) => one.link === of && Math.abs(one.at - at) < windowMs);
    const far = ([earlier]: readonly [Tried, Tried]): number =>
      Math.abs((breakRate(earlier) ?? 1) - (breakRate(before) ?? 0));
    const controls = links
      .filter((of) => of !== link && !isChanged(of))
      .map((of) => ({ of, sides: around(of) }))
      .filter(({ sides }) => sides.every((side) => triedOf(side) >= triedMin))
      .sort((a, b) => far(a.sides) - far(b.sides));
    const control = controls[0];
    const [controlBefore, controlAfter] = control?.sides ?? [noneTried, noneTried];
    return {
      changeId: text(fact.data["changeId"]) ?? fact.id,
      changeType: text(fact.data["changeType"]),
      link,
      effectiveFrom: at,
      decidedBy: text(fact.data["decidedBy"]),
      before,
      after,
      control: control?.of ?? null,
      controlBefore,
      controlAfter,
      ...differenceOf([before, after, controlBefore, controlAfter]),
    };
  });
}

function differenceOf(
  sides: readonly [Tried, Tried, Tried, Tried],
): Pick<ChangeEffect, "difference" | "low" | "high"> {
  if (sides.some((side) => triedOf(side) < triedMin))
    return { difference: null, low: null, high: null };
  const [before = 0, after = 0, controlBefore = 0, controlAfter = 0] = sides.map(
    (side) => breakRate(side) ?? 0,
  );
  const difference = after - before - (controlAfter - controlBefore);
  const half = z * Math.sqrt(sides.reduce((sum, side) => sum + rateVariance(side), 0));
  return { difference, low: difference - half, high: difference + half };
}
