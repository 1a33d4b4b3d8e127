import { type Flag, isoTime, type Part } from "@troth/events";
import type { Person } from "../access/person.ts";
import { mayDo } from "../access/roles.ts";
import { type ActName, actNames, actNeeds } from "../acts/act.ts";
import type { DeskCustomer } from "../view/customer.ts";
import { isLive, type RegisterRow } from "../view/register.ts";
import { chainOf } from "./chain.ts";
import type { Context } from "./context.ts";
import { rowOf } from "./queue.ts";
import { recommendationOf } from "./recommendation.ts";
import type { Breakdown, CustomerPage, PromiseRow } from "./schemas.ts";
import { entryOf } from "./timeline.ts";
import { trendOf } from "./trend.ts";
import { profileOf } from "./wants.ts";
import { titleOf } from "./words.ts";

const timeOf = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

function chargeOf(
  { standing }: DeskCustomer,
  { promiseId, term }: RegisterRow,
  { pseudonym }: Person,
): PromiseRow["charge"] {
  const note = standing.charge(promiseId, term);
  if (note === null) return null;
  const { by, at, ...rest } = note;
  return { ...rest, at: isoTime(at), isMine: by === pseudonym };
}

const promiseOf = (customer: DeskCustomer, person: Person, row: RegisterRow): PromiseRow => ({
  promiseId: row.promiseId,
  term: row.term,
  template: row.template,
  title: titleOf(row.promiseId, row.template, row.term),
  link: row.link,
  owner: row.owner,
  operatedBy: row.operatedBy,
  madeBy: row.madeBy,
  how: row.how,
  verdict: row.verdict,
  isLive: isLive(row),
  at: isoTime(row.at),
  madeAt: isoTime(row.madeAt),
  due: timeOf(row.due),
  keptAt: timeOf(row.keptAt),
  severity: row.severity,
  revision: row.revision,
  evidence: [...row.evidence],
  charge: chargeOf(customer, row, person),
});

const never = Number.MAX_SAFE_INTEGER;
const groupOf = (row: RegisterRow): number =>
  isLive(row) ? 0 : row.verdict === "broken" ? 1 : row.verdict === "void" ? 3 : 2;

/** What can still be mended first, by when it must be; then what was broken, worst and latest first. */
function byUrgency(a: RegisterRow, b: RegisterRow): number {
  const group = groupOf(a) - groupOf(b);
  if (group !== 0) return group;
  if (isLive(a)) return (a.due ?? never) - (b.due ?? never) || a.madeAt - b.madeAt;
  return b.severity - a.severity || b.at - a.at;
}

const breakdownOf = (
  at: number,
  score: number,
  parts: readonly Part[],
  live: boolean,
): Breakdown => ({
  at: isoTime(at),
  score,
  parts: parts.map((part) => ({ ...part, evidence: [...part.evidence] })),
  isLive: live,
});

/** The score as the judge would say it now, else as the open alert said it. */
function scored(customer: DeskCustomer, flag: Flag | null): Breakdown | null {
  if (flag !== null) return breakdownOf(flag.at, flag.score, flag.parts, true);
  const alert = customer.openAlert;
  return alert === null ? null : breakdownOf(alert.at, alert.score, alert.parts, false);
}

const alertActs: readonly ActName[] = ["acknowledge", "take", "snooze", "false-alarm"];

/** What the person may do to the customer as they stand. */
function actsFor(person: Person, customer: DeskCustomer): ActName[] {
  const names = actNames.filter((name) => mayDo(person.role, actNeeds[name]));
  const hasAlert = customer.openAlert !== null;
  const isMine = customer.standing.taken?.alertId === customer.openAlert?.alertId;
  return names.filter((name) => {
    if (name === "acknowledge" || name === "take") {
      return hasAlert && !(isMine && customer.standing.taken?.by === person.pseudonym);
    }
    if (alertActs.includes(name)) return hasAlert;
    if (name === "rule") return customer.standing.isDisputed;
    if (name === "outcome") return customer.standing.mendings.length > 0;
    return true;
  });
}

/** Everything a representative needs of one customer, in one answer. */
export function customerPageOf(context: Context, customer: DeskCustomer): CustomerPage {
  const flag = context.flagNow(customer.reference, customer.tenant);
  customer.bringUpTo(flag);
  const rows = [...customer.register.rows()].sort(byUrgency);
  const breakdown = scored(customer, flag);
  const summary = rowOf(context, customer);
  const timeline = customer.timeline.entries.map(entryOf).reverse();
  return {
    // The sentence and the number stand beside the parts, so they are of the same moment.
    summary: flag === null ? summary : { ...summary, score: flag.score, level: flag.level },
    chain: chainOf(context.policy, rows, breakdown?.parts ?? []),
    breakdown,
    alertAt: context.policy.score.alertAt,
    do: [...(flag?.do ?? [])],
    dont: [...(flag?.dont ?? [])],
    promises: rows
      .filter(({ verdict }) => verdict !== "void")
      .map((row) => promiseOf(customer, context.person, row)),
    timeline,
    trend: trendOf(timeline, context.logTime(), flag?.score ?? customer.score),
    timelineDropped: customer.timeline.dropped,
    mendings: customer.standing.mendings.map((one) => ({ ...one, at: isoTime(one.at) })),
    recommendation: recommendationOf(context, customer),
    acts: context.canAct ? actsFor(context.person, customer) : [],
    references: [...customer.references],
    profile: profileOf(customer.profile),
    logTime: isoTime(context.logTime()),
    version: context.view.changes.version,
  };
}
