import type { Names } from "../packed/names.ts";
import { compareFacts, release, retain } from "./facts.ts";
import {
  atOf,
  factOf,
  linkOfItem,
  markWords,
  nameOf,
  nextItem,
  tagOf,
  termWords,
} from "./layout.ts";
import type { Memory } from "./memory.ts";
import { freeText } from "./texts.ts";

/** Ascending by (at, id, source): the one order of every set of items. */
export function compareItems(m: Memory, names: Names, a: number, b: number): number {
  const atA = atOf(m, a);
  const atB = atOf(m, b);
  return atA !== atB ? atA - atB : compareFacts(m, names, factOf(m, a), factOf(m, b));
}

/** Puts an item in its place in the list whose head is the word `link`; it points to its fact from now on. */
export function insertItem(m: Memory, names: Names, link: number, item: number): void {
  retain(m, factOf(m, item));
  let to = link;
  for (let next = m.int(to); next !== 0; next = m.int(to)) {
    if (compareItems(m, names, item, next) < 0) break;
    to = linkOfItem(next);
  }
  m.setInt(linkOfItem(item), m.int(to));
  m.setInt(to, item);
}

/** Puts an item at the end, after the word `link`; returns the link behind it. */
export function insertLast(m: Memory, link: number, item: number): number {
  retain(m, factOf(m, item));
  m.setInt(link, item);
  return linkOfItem(item);
}

export function countItems(m: Memory, first: number): number {
  let count = 0;
  for (let item = first; item !== 0; item = nextItem(m, item)) count += 1;
  return count;
}

/** Takes the item the word `link` points to out of its list. */
export function dropMark(m: Memory, link: number): void {
  const item = m.int(link);
  m.setInt(link, nextItem(m, item));
  release(m, factOf(m, item));
  const name = nameOf(m, item);
  if (name !== 0) freeText(m, name);
  m.give(item, markWords);
}

export function dropTerm(m: Memory, link: number): void {
  const item = m.int(link);
  m.setInt(link, nextItem(m, item));
  release(m, factOf(m, item));
  const tag = tagOf(m, item);
  if (tag !== 0) freeText(m, tag);
  m.give(item, termWords);
}
