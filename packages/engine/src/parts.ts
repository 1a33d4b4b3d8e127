import type { Part } from "@troth/events";
import type { SayingGaps } from "@troth/policy";
import { templateAt } from "./pledges.ts";
import { idOf } from "./register/facts.ts";
import {
  dueOf,
  evidenceAt,
  evidenceCount,
  factOf,
  itemValue,
  keptAtOf,
  mendedAtOf,
  orNull,
  pledgeKeyText,
  rowLimit,
  rowValue,
  verdictOf,
} from "./register/layout.ts";
import type { Memory } from "./register/memory.ts";
import { textAt } from "./register/texts.ts";
import { ruleAt, type Share, shareId, sharesOf } from "./score.ts";
import type { World } from "./state.ts";
import * as word from "./words.ts";

/* A score's shares in words, made only when somebody is told of them. */

/** With what decisions call it. */
type NamedShare = { readonly share: Share; readonly id: string };

function gapsOfRow(w: World, p: number, row: number, now: number): SayingGaps {
  const { memory: m } = w.customers;
  const due = orNull(dueOf(m, row));
  const ended = orNull(mendedAtOf(m, row)) ?? orNull(keptAtOf(m, row)) ?? now;
  return {
    key: textAt(m, pledgeKeyText(m, p)),
    due,
    lateMs: due === null ? null : ended - due,
    value: orNull(rowValue(m, row)),
    limit: orNull(rowLimit(m, row)),
  };
}

function sayRow(w: World, p: number, row: number, now: number): string {
  const { says } = templateAt(w, p);
  switch (verdictOf(w.customers.memory, row)) {
    case word.broken:
      return says.broken(gapsOfRow(w, p, row, now));
    case word.overdue:
      return says.overdue(gapsOfRow(w, p, row, now));
    case word.atRisk:
      return says.atRisk(gapsOfRow(w, p, row, now));
    case word.renegotiated:
      return says.renegotiated(gapsOfRow(w, p, row, now));
    case word.kept:
      return says.kept(gapsOfRow(w, p, row, now));
    default:
      return "";
  }
}

/** Event ids of a row's evidence. */
export function evidenceOf(m: Memory, row: number): readonly string[] {
  const count = evidenceCount(m, row);
  const at = evidenceAt(m, row);
  // Most have one or two, and a list that is pushed to takes room for sixteen more.
  if (count === 1) return [idOf(m, m.int(at))];
  const ids = new Array<string>(count);
  for (let i = 0; i < count; i += 1) ids[i] = idOf(m, m.int(at + i));
  return ids;
}

function partOf(w: World, { share, id }: NamedShare, now: number): Part {
  const { memory: m } = w.customers;
  const { points, severity, pledge, row, noise } = share;
  if (pledge !== 0) {
    const { id: rule, link } = templateAt(w, pledge);
    const says = sayRow(w, pledge, row, now);
    const evidence = evidenceOf(m, row);
    return { id, rule, link: link.id, owner: link.owner, points, severity, evidence, says };
  }
  const { id: rule, link, says } = ruleAt(w, noise);
  const key = idOf(m, factOf(m, noise));
  const gaps: SayingGaps = {
    key,
    due: null,
    lateMs: null,
    value: orNull(itemValue(m, noise)),
    limit: null,
  };
  const evidence = [key];
  return {
    id,
    rule,
    link: link.id,
    owner: link.owner,
    points,
    severity,
    evidence,
    says: says(gaps),
  };
}

/** The shares with points, heaviest first: together exactly the score. */
function sharesInOrder(w: World, c: number, now: number): readonly NamedShare[] {
  const named: NamedShare[] = [];
  for (const share of sharesOf(w, c, now))
    if (share.points !== 0) named.push({ share, id: shareId(w, share) });
  return named.sort((a, b) => b.share.points - a.share.points || (a.id < b.id ? -1 : 1));
}

export const partsOf = (w: World, c: number, now: number): readonly Part[] =>
  sharesInOrder(w, c, now).map((one) => partOf(w, one, now));

const isShare = (a: Share, b: Share): boolean => a.row === b.row && a.noise === b.noise;

/** The same, and which of them leads: its words are made once. */
export function partsLedBy(
  w: World,
  c: number,
  lead: Share | null,
  now: number,
): { readonly parts: readonly Part[]; readonly lead: Part | null } {
  const shares = sharesInOrder(w, c, now);
  const parts = shares.map((one) => partOf(w, one, now));
  const at = lead === null ? -1 : shares.findIndex(({ share }) => isShare(share, lead));
  return { parts, lead: parts[at] ?? null };
}
