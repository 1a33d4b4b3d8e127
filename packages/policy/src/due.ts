import type { Calendar } from "./calendar.ts";
import { addBusinessDays, addBusinessTime, atLocalTime, endOfDay } from "./calendar.ts";
import { type Context, lookUp } from "./context.ts";
import type { Due } from "./policy.ts";
import type { PolicyPath } from "./problem.ts";
import { unitMs } from "./quantity.ts";
import type { DueText } from "./shape-parts.ts";
import type { Zone } from "./zone.ts";

/** How a due moment is worked out, and what it rests on. */
export type CompiledDue = {
  readonly due: Due;
  /** Nothing but the moment the fact states decides it. */
  readonly onlyStated: boolean;
  readonly reads: ReadonlySet<"stated" | "needed">;
  readonly never: boolean;
};

type DueForm = Exclude<DueText, string>;

function calendarOf(
  form: DueForm,
  usual: string | undefined,
  path: PolicyPath,
  context: Context,
): Calendar | null {
  const name =
    form.calendar ?? usual ?? (context.calendars.size === 1 ? firstKey(context) : undefined);
  if (name !== undefined) {
    return lookUp(context.calendars, name, "calendar", [...path, "calendar"], context.problems);
  }
  const found = "working time without a calendar";
  const expected = "the name of a calendar";
  context.problems.add({ path, part: "value", found, expected, remedy: "add `calendar: …`" });
  return null;
}

const firstKey = (context: Context): string | undefined => [...context.calendars.keys()][0];

function zoneFor(
  form: DueForm,
  usual: string | undefined,
  path: PolicyPath,
  context: Context,
): Zone {
  if (form.calendar === undefined && usual === undefined) return context.zone;
  return calendarOf(form, usual, path, context)?.zone ?? context.zone;
}

function compileForm(
  form: DueForm,
  usual: string | undefined,
  path: PolicyPath,
  context: Context,
): Due {
  const { stated, after, at, days, businessDays } = form;
  const fixed = at !== undefined || days !== undefined || businessDays !== undefined;
  const ways = [stated !== undefined, after !== undefined, fixed].filter((way) => way).length;
  if (ways !== 1 || (days !== undefined && (businessDays !== undefined || at === undefined))) {
    const expected = "one of: after, at with days, businessDays, stated";
    const found = ways === 0 ? "nothing to work it out from" : "more than one way to work it out";
    const remedy = ways === 0 ? "say how" : "keep one";
    if (context.whole) context.problems.add({ path, part: "value", found, expected, remedy });
    return () => null;
  }
  if (stated !== undefined) {
    const zone = zoneFor(form, usual, path, context);
    return (input) => (input.stated === null ? null : endOfDay(zone, input.stated));
  }
  if (typeof after === "number") return ({ madeAt }) => madeAt + after;
  if (after === undefined && businessDays === undefined) {
    const zone = zoneFor(form, usual, path, context);
    const minutes = at ?? 0;
    return ({ madeAt }) => atLocalTime(zone, madeAt, days ?? 0, minutes);
  }
  const calendar = calendarOf(form, usual, path, context);
  if (calendar === null) return () => null;
  if (after?.unit === "hour") {
    const span = after.count * unitMs.h;
    return ({ madeAt }) => addBusinessTime(calendar, madeAt, span);
  }
  const count = after?.count ?? businessDays ?? 1;
  return ({ madeAt }) => addBusinessDays(calendar, madeAt, count, at ?? null);
}

/** The first of the ways that gives a moment. */
export function compileDue(
  texts: readonly DueText[],
  usual: string | undefined,
  path: PolicyPath,
  context: Context,
): CompiledDue {
  const ways: Due[] = [];
  const reads = new Set<"stated" | "needed">();
  texts.forEach((text, i) => {
    if (text === "stated") {
      reads.add("stated");
      ways.push(({ stated }) => stated);
    } else if (text === "needed") {
      reads.add("needed");
      ways.push(({ madeAt, needed }) => (needed === null ? null : madeAt + needed));
    } else if (text !== "never") {
      if (text.stated !== undefined) reads.add("stated");
      ways.push(compileForm(text, usual, [...path, i], context));
    }
  });
  const [only, ...others] = ways;
  const due: Due =
    only === undefined
      ? () => null
      : others.length === 0
        ? only
        : (input) => {
            for (const way of ways) {
              const moment = way(input);
              if (moment !== null) return moment;
            }
            return null;
          };
  const statedOnly = (text: DueText): boolean =>
    text === "stated" || (typeof text === "object" && text.stated !== undefined);
  return { due, reads, onlyStated: texts.every(statedOnly), never: ways.length === 0 };
}
