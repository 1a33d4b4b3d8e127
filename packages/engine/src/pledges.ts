import type { PledgeTemplate } from "@troth/policy";
import { release } from "./register/facts.ts";
import { dropMark, dropTerm } from "./register/items.ts";
import {
  evidenceAt,
  evidenceCount,
  giveRow,
  keyedMarksAt,
  looseListOf,
  looseSlot,
  looseTemplate,
  mayHave,
  mendedAtOf,
  newLoose,
  newPledge,
  nextAtOf,
  nextLoose,
  nextPledge,
  nextRow,
  pledgeCount,
  pledgeKeyHash,
  pledgeKeyText,
  pledgesOf,
  rowsOf,
  setEvidenceCount,
  setSoonest,
  sinceOf,
  slotOfCustomer,
  templateOf,
  termsAt,
  unlinkPledge,
  verdictOf,
} from "./register/layout.ts";
import { type Memory, never, none } from "./register/memory.ts";
import {
  freeText,
  newText,
  rememberText,
  textAt,
  textByHash,
  textHash,
  textIs,
} from "./register/texts.ts";
import type { World } from "./state.ts";
import { broken } from "./words.ts";

/** Above this many pledges a customer's are found by an index instead of one after the other. */
const searchedMax = 16;

const indexKey = (template: number, key: string): string => `${template}/${key}`;

/** Keeps the index of a customer that has many pledges. */
function indexOf(w: World, c: number): Map<string, number> | null {
  const { memory: m, indexes } = w.customers;
  if (pledgeCount(m, c) <= searchedMax) return null;
  const slot = slotOfCustomer(m, c);
  const known = indexes.get(slot);
  if (known !== undefined) return known;
  const index = new Map<string, number>();
  for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
    index.set(indexKey(templateOf(m, p), textAt(m, pledgeKeyText(m, p))), p);
  }
  indexes.set(slot, index);
  return index;
}

function findPledge(w: World, c: number, template: number, key: string): number {
  const { memory: m } = w.customers;
  if (!mayHave(m, c, template)) return 0;
  const index = indexOf(w, c);
  if (index !== null) return index.get(indexKey(template, key)) ?? 0;
  const hash = textHash(key);
  for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
    if (
      pledgeKeyHash(m, p) === hash &&
      templateOf(m, p) === template &&
      textIs(m, pledgeKeyText(m, p), key)
    ) {
      return p;
    }
  }
  return 0;
}

/** When the last row of a pledge was closed; never while one is not. */
function closedAt(m: Memory, p: number): number {
  let latest = 0;
  for (let row = rowsOf(m, p); row !== 0; row = nextRow(m, row)) {
    const closed = verdictOf(m, row) === broken ? mendedAtOf(m, row) : sinceOf(m, row);
    latest = Math.max(latest, closed === none ? never : closed);
  }
  return latest;
}

/** Makes room by letting go of the pledge that was closed longest ago. */
function evictPledge(w: World, c: number): void {
  const { memory: m } = w.customers;
  let oldest = 0;
  let oldestAt = never;
  for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
    const at = nextAtOf(m, p) === never ? closedAt(m, p) : oldestAt;
    if (oldest === 0 || at < oldestAt) {
      oldest = p;
      oldestAt = at;
    }
  }
  if (oldest === 0) return;
  w.customers.touched.drop(oldest);
  indexOf(w, c)?.delete(indexKey(templateOf(m, oldest), textAt(m, pledgeKeyText(m, oldest))));
  setSoonest(m, c, none);
  freePledge(m, c, oldest);
}

/** Takes a pledge away with all that is known of it. */
function freePledge(m: Memory, c: number, p: number): void {
  while (m.int(termsAt(p)) !== 0) dropTerm(m, termsAt(p));
  while (m.int(keyedMarksAt(p)) !== 0) dropMark(m, keyedMarksAt(p));
  for (let row = rowsOf(m, p); row !== 0; ) {
    const next = nextRow(m, row);
    freeRow(m, row);
    row = next;
  }
  freeText(m, pledgeKeyText(m, p));
  unlinkPledge(m, c, p);
}

function freeRow(m: Memory, row: number): void {
  const at = evidenceAt(m, row);
  for (let i = evidenceCount(m, row) - 1; i >= 0; i -= 1) release(m, m.int(at + i));
  setEvidenceCount(m, row, 0);
  giveRow(m, row);
}

export function pledgeOf(w: World, c: number, template: number, key: string): number {
  const known = findPledge(w, c, template, key);
  if (known !== 0) return known;
  const { memory: m } = w.customers;
  if (pledgeCount(m, c) >= w.policy.limits.pledgesPerCustomer) evictPledge(w, c);
  const hash = textHash(key);
  rememberText(key, hash);
  const p = newPledge(m, c, template, newText(m, key), hash);
  indexOf(w, c)?.set(indexKey(template, key), p);
  return p;
}

/** The customer's loose marks of a template's slot; made if there are none. */
export function looseOf(w: World, c: number, template: number, slot: number): number {
  const { memory: m } = w.customers;
  const known = findLoose(m, c, template, slot);
  return known !== 0 ? known : newLoose(m, c, template, slot);
}

export function findLoose(m: Memory, c: number, template: number, slot: number): number {
  for (let loose = looseListOf(m, c); loose !== 0; loose = nextLoose(m, loose)) {
    if (looseSlot(m, loose) === slot && looseTemplate(m, loose) === template) return loose;
  }
  return 0;
}

export function templateAt(w: World, p: number): PledgeTemplate {
  const template = w.policy.pledges[templateOf(w.customers.memory, p)];
  if (template === undefined) throw new RangeError("a pledge of a template the policy lacks");
  return template;
}

/** What decisions call the pledge; made when it is said. */
export const promiseId = (w: World, p: number): string => {
  const { memory: m } = w.customers;
  return `${templateAt(w, p).id}/${textByHash(m, pledgeKeyText(m, p), pledgeKeyHash(m, p))}`;
};
