import {
  type Fact,
  identityOf,
  isReference,
  keyNameOf,
  pathOf,
  tokenReference,
} from "@troth/events";
import type { Keys } from "../keys/keys.ts";
import { Names } from "../keys/names.ts";
import { asideKey, isSealedAside, openAside } from "../keys/sealed-aside.ts";
import { factsOf, type Person, personOf, type ReadFacts, type Whose } from "./person.ts";

/** Events and refused items that can not be read any more, and keys that are no more. */
export type Erased = { readonly facts: number; readonly setAside: number; readonly keys: number };

/** What was set aside, as its log holds it. */
export type Aside = { readonly message: string; readonly sha256: string; readonly raw: string };

/** Shorter ones stand in too much that is not theirs. */
const bareNameMin = 6;

/** What was set aside is no event, so all there is to go by is whether their names stand in it. */
function asidesOf(
  items: readonly Aside[],
  keys: Keys,
  texts: readonly string[],
): readonly string[] {
  return items.flatMap((item) => {
    if (!isSealedAside(item)) return [];
    const opened = openAside(item, keys);
    if (opened === null) return [];
    const whole = `${Buffer.from(opened.raw, "base64").toString("utf8")} ${opened.message}`;
    return texts.some((text) => whole.includes(text)) ? [asideKey(item.sha256)] : [];
  });
}

/** Their names as they came, with and without the scheme. */
function textsOf(person: Person, names: Names): readonly string[] {
  return [...person.customers, ...person.names].flatMap((token) => {
    const name = names.open(token);
    const bare = name.slice(name.indexOf(":") + 1);
    return bare.length >= bareNameMin ? [name, bare] : [name];
  });
}

/**
 * Destroys every key under which anything of one person's is sealed, wherever it lies: log, lake,
 * outputs and copies of them stay as they are, byte for byte, and can be judged anew with the same
 * result. Null when there is nothing of theirs.
 */
export async function erase(
  read: ReadFacts,
  asides: readonly Aside[],
  keys: Keys,
  whose: Whose,
): Promise<Erased | null> {
  const { tenant } = whose;
  const reference = isReference(whose.reference)
    ? tokenReference(keys, tenant, whose.reference)
    : whose.reference;
  const person = await personOf(read, { tenant, reference });
  const theirs = await factsOf(read, person);
  const names = new Names(keys);
  const paths = new Set<string>();
  const isReadable = (fact: Fact): boolean =>
    typeof fact.data["sealed"] === "string" && keys.keyAt(pathOf(tenant, keyNameOf(fact))) !== null;
  let facts = 0;
  for await (const batch of read()) {
    for (const { fact } of batch) {
      if (fact === null || fact.tenant !== tenant) continue;
      if (!theirs.has(identityOf(fact)) || !isReadable(fact)) continue;
      names.learn(fact);
      facts += 1;
      paths.add(pathOf(tenant, keyNameOf(fact)));
    }
  }
  const setAside = asidesOf(asides, keys, textsOf(person, names));
  if (facts + setAside.length === 0) return null;
  for (const key of setAside) paths.add(pathOf("", key));
  // Whatever a source sends of them again is kept without what would tell who they are.
  for (const customer of person.customers) paths.add(pathOf(tenant, customer));
  await keys.destroy([...paths], { facts, setAside: setAside.length });
  return { facts, setAside: setAside.length, keys: paths.size };
}
