import { createCipheriv, createDecipheriv, createHmac, hash } from "node:crypto";
import type { Fact } from "./fact.ts";
import { type Personal, personalIn } from "./personal.ts";
import { Recent } from "./recent.ts";
import { isCustomer } from "./reference.ts";
import { referencesOf } from "./references.ts";

/** What sealing goes by; the keys are kept elsewhere. */
export type Sealing = {
  /** Key of the house: it makes pseudonyms, and without it nobody can tell whose they are. */
  readonly house: Buffer;
  /** Key of a path of hex digits; null when it was destroyed. */
  readonly keyAt: (path: string) => Buffer | null;
  /** Attributes that stay readable even when they are text, because a policy judges by them. */
  readonly readable: (attribute: string) => boolean;
};

const mark = "~";
const tokenShape = /~[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])/g;
const wholeToken = /^~[A-Za-z0-9_-]{22}$/;
const tokenBytes = 16;
const tokenChars = 23;
/** So that two people's paths do not meet in any house. */
const pathDigits = 16;
const cipher = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/** Pseudonyms by tenant and text, by the key of the house that worked them out lately. */
const tokens = new WeakMap<Buffer, Recent<string, string>>();
const tokensMax = 50_000;
/** The keys that follow from a key. */
const parts = new WeakMap<Buffer, { readonly seal: Buffer; readonly nonce: Buffer }>();

function tokensOf({ house }: Sealing): Recent<string, string> {
  const before = tokens.get(house);
  if (before !== undefined) return before;
  const fresh = new Recent<string, string>(tokensMax);
  tokens.set(house, fresh);
  return fresh;
}

export const isToken = (text: string): boolean => wholeToken.test(text);

/** The pseudonym of a text within a tenant; the same text has the same one wherever it stands. */
export function tokenOf(sealing: Sealing, tenant: string, text: string): string {
  if (isToken(text)) return text;
  const known = tokensOf(sealing);
  const whole = `${tenant}\u0000${text}`;
  const before = known.get(whole);
  if (before !== undefined) return before;
  const token = freshToken(sealing, whole);
  known.set(whole, token);
  return token;
}

const freshToken = ({ house }: Sealing, whole: string): string =>
  mark + createHmac("sha256", house).update(whole).digest().toString("base64url", 0, tokenBytes);

/** Of a text that is hardly asked for again, as an event's id: it would only push out what is. */
const tokenOnce = (sealing: Sealing, tenant: string, text: string): string =>
  isToken(text) ? text : freshToken(sealing, `${tenant}\u0000${text}`);

/** A reference as it is kept: its scheme, and the pseudonym of what follows. */
export const tokenReference = (sealing: Sealing, tenant: string, reference: string): string =>
  replaced(reference, "reference", (text) => tokenOf(sealing, tenant, text));

/** A text with only the part that tells who somebody is replaced. */
function replaced(text: string, how: Personal, token: (text: string) => string): string {
  const at = how === "whole" ? -1 : text.indexOf(how === "key" ? "/" : ":");
  return text.slice(0, at + 1) + token(text.slice(at + 1));
}

/** Whose key a sealed fact is under: the customer's if it names one, else its subject's. */
export function keyNameOf(fact: Pick<Fact, "subject" | "data">): string {
  const { customer } = fact.data;
  if (typeof customer === "string" && isCustomer(customer)) return customer;
  const references = referencesOf(fact);
  return references.find(isCustomer) ?? references[0] ?? "";
}

/** A path of the key tree, from a name that is a pseudonym already. */
export const pathOf = (tenant: string, name: string): string =>
  hash("sha256", `${tenant}\u0000${name}`, "hex").slice(0, pathDigits);

function partsOf(key: Buffer): { readonly seal: Buffer; readonly nonce: Buffer } {
  const known = parts.get(key);
  if (known !== undefined) return known;
  const part = (use: string): Buffer => createHmac("sha256", key).update(use).digest();
  const made = { seal: part("seal"), nonce: part("nonce") };
  parts.set(key, made);
  return made;
}

/**
 * Text sealed under a name's key, as Base64; null when that key was destroyed. The nonce follows from
 * the text, so the same text sealed twice is the same, and no two texts share one.
 */
export function sealText(
  { keyAt }: Sealing,
  tenant: string,
  name: string,
  text: string,
  bound: string,
): string | null {
  const key = keyAt(pathOf(tenant, name));
  if (key === null) return null;
  const own = partsOf(key);
  const nonce = createHmac("sha256", own.nonce)
    .update(`${bound}\u0000${text}`)
    .digest()
    .subarray(0, nonceBytes);
  const sealer = createCipheriv(cipher, own.seal, nonce).setAAD(Buffer.from(bound));
  const sealed = [nonce, sealer.update(text, "utf8"), sealer.final(), sealer.getAuthTag()];
  return Buffer.concat(sealed).toString("base64");
}

/** The inverse; null when the key was destroyed, or this is not what was sealed. */
export function unsealText(
  { keyAt }: Sealing,
  tenant: string,
  name: string,
  sealed: string,
  bound: string,
): string | null {
  const key = keyAt(pathOf(tenant, name));
  const bytes = Buffer.from(sealed, "base64");
  if (key === null || bytes.length < nonceBytes + tagBytes) return null;
  try {
    const opener = createDecipheriv(cipher, partsOf(key).seal, bytes.subarray(0, nonceBytes))
      .setAAD(Buffer.from(bound))
      .setAuthTag(bytes.subarray(-tagBytes));
    const text = opener.update(bytes.subarray(nonceBytes, -tagBytes));
    return Buffer.concat([text, opener.final()]).toString("utf8");
  } catch {
    return null;
  }
}

const boundTo = (fact: Fact): string => `${fact.source}\u0000${fact.id}`;

/** Others' orders: what they are called stands in their own facts. */
const neverSealed = "affectedOrders";

/** A fact as it is kept, and what its pseudonyms stand for. */
export type Sealed = { readonly fact: Fact; readonly names: ReadonlyMap<string, string> };

const nobody: ReadonlyMap<string, string> = new Map();

/**
 * The fact as it is kept: a pseudonym wherever something could tell who it is about, and what stood
 * there sealed under the person's key. It is judged as it is kept; equal texts have equal pseudonyms.
 */
export function sealed(fact: Fact, sealing: Sealing): Sealed {
  const { tenant } = fact;
  const clear = new Map<string, string>();
  const noted = (text: string, made: string): string => {
    if (made !== text) clear.set(made, text);
    return made;
  };
  const token = (text: string): string => noted(text, tokenOf(sealing, tenant, text));
  const bare = (text: string): string => tokenOf(sealing, tenant, text);
  const data: Record<string, unknown> = { ...fact.data };
  for (const [name, how] of personalIn(fact.kind)) {
    const value = data[name];
    const put = name === neverSealed ? bare : token;
    if (typeof value === "string") data[name] = replaced(value, how, put);
    else if (Array.isArray(value)) {
      data[name] = value.map((one) => (typeof one === "string" ? replaced(one, how, put) : one));
    }
  }
  const { attributes } = data;
  if (typeof attributes === "object" && attributes !== null) {
    data["attributes"] = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [
        name,
        typeof value === "string" && !sealing.readable(name) ? token(value) : value,
      ]),
    );
  }
  const { id, subject } = fact;
  const kept: Fact = {
    ...fact,
    id: noted(id, tokenOnce(sealing, tenant, id)),
    subject: subject === null ? null : replaced(subject, "reference", token),
    data,
  };
  // All of it is pseudonyms already: it was sealed by a door before this one.
  if (clear.size === 0) return { fact: kept, names: nobody };
  const text = sealText(sealing, tenant, keyNameOf(kept), clearText(clear), boundTo(kept));
  delete data["sealed"];
  if (text === null) return { fact: kept, names: nobody };
  data["sealed"] = text;
  return { fact: kept, names: clear };
}

export const sealFact = (fact: Fact, sealing: Sealing): Fact => sealed(fact, sealing).fact;

/** As JSON, without an object of as many shapes as there are people: pseudonyms need no escape. */
const clearText = (clear: ReadonlyMap<string, string>): string =>
  `{${[...clear].map(([token, text]) => `"${token}":${JSON.stringify(text)}`).join()}}`;

/** Pseudonyms replaced by what they stand for, in every text of a value, as far as it is known. */
export function withNames<T>(value: T, nameOf: (token: string) => string | undefined): T {
  const inText = (text: string): string => {
    const at = text.indexOf(mark);
    if (at < 0) return text;
    // Nearly always it is all of a text, or what follows a scheme.
    if (at !== text.length - tokenChars) {
      return text.replace(tokenShape, (token) => nameOf(token) ?? token);
    }
    const token = text.slice(at);
    const name = isToken(token) ? nameOf(token) : undefined;
    return name === undefined ? text : text.slice(0, at) + name;
  };
  const open = (one: unknown): unknown => {
    if (typeof one === "string") return inText(one);
    if (typeof one !== "object" || one === null) return one;
    if (Array.isArray(one)) return one.map(open);
    let opened: Record<string, unknown> | null = null;
    for (const [name, inner] of Object.entries(one)) {
      const value = open(inner);
      if (value === inner) continue;
      opened ??= { ...one };
      opened[name] = value;
    }
    return opened ?? one;
  };
  return open(value) as T;
}

/** What the pseudonyms of a fact stand for; empty when its key was destroyed or nothing was sealed. */
export function openFact(fact: Fact, sealing: Sealing): ReadonlyMap<string, string> {
  const { sealed } = fact.data;
  if (typeof sealed !== "string") return nobody;
  const text = unsealText(sealing, fact.tenant, keyNameOf(fact), sealed, boundTo(fact));
  if (text === null) return nobody;
  return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
}
