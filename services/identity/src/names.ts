import { joinPieces, nextPiece, splitPieces, TextMap, takePieces } from "@troth/engine";
import { decodeFact, encodeFact, type Fact, invariant, type Reference } from "@troth/events";

/** What is kept under a reference that is not a customer's own: what it joined, and who waits. */
export type Held = { readonly joined: Fact[]; readonly waiting: Fact[] };

/** Names within one tenant. */
export type TenantNames = {
  /** Whom each reference is linked to. There are millions, most of which never hold a fact. */
  readonly links: TextMap;
  readonly held: Map<Reference, Held>;
  /** Merged customers: absorbed -> absorbing. */
  readonly aliases: Map<Reference, Reference>;
};

export const noNames = (): TenantNames => ({
  links: new TextMap(),
  held: new Map(),
  aliases: new Map(),
});

export function heldBy({ held }: TenantNames, reference: Reference): Held {
  const known = held.get(reference);
  if (known !== undefined) return known;
  const fresh: Held = { joined: [], waiting: [] };
  held.set(reference, fresh);
  return fresh;
}

/** What comes before the pieces of names: how many of them are whose. */
export type NamesHead = readonly {
  readonly tenant: string;
  readonly aliases: readonly (readonly [Reference, Reference])[];
  readonly links: number;
  readonly held: number;
}[];

/** A piece of facts holds about so many bytes. */
const pieceBytes = 1 << 20;

/** Reference, how many of the facts it joined, the facts: those that wait come last. */
const heldPiece = (reference: Reference, { joined, waiting }: Held): Buffer =>
  joinPieces([
    Buffer.from(reference),
    Buffer.from(String(joined.length)),
    ...[...joined, ...waiting].map(encodeFact),
  ]);

function* heldPieces({ held }: TenantNames): Generator<Buffer> {
  let some: Buffer[] = [];
  let bytes = 0;
  for (const [reference, one] of held) {
    if (one.joined.length + one.waiting.length === 0) continue;
    const piece = heldPiece(reference, one);
    some.push(piece);
    bytes += piece.length;
    if (bytes < pieceBytes) continue;
    yield joinPieces(some);
    some = [];
    bytes = 0;
  }
  if (some.length > 0) yield joinPieces(some);
}

function factOf(bytes: Buffer): Fact {
  const fact = decodeFact(bytes);
  invariant(fact.ok, "a fact in a snapshot is none");
  return fact.value;
}

function readHeld(names: TenantNames, piece: Buffer): void {
  for (const one of splitPieces(piece)) {
    const parts = splitPieces(one);
    const reference = nextPiece(parts).toString("utf8");
    const joined = Number(nextPiece(parts).toString("utf8"));
    const facts = [...parts].map(factOf);
    names.held.set(reference, { joined: facts.slice(0, joined), waiting: facts.slice(joined) });
  }
}

/** All names: the registrar's part of a snapshot. */
export function savedNames(tenants: ReadonlyMap<string, TenantNames>) {
  const pieces: Buffer[] = [];
  const head: NamesHead = [...tenants].map(([tenant, names]) => {
    const links = [...names.links.pieces()];
    const held = [...heldPieces(names)];
    pieces.push(...links, ...held);
    return { tenant, aliases: [...names.aliases], links: links.length, held: held.length };
  });
  return { head, pieces };
}

export function restoredNames(head: NamesHead, pieces: Iterator<Buffer>): Map<string, TenantNames> {
  const tenants = new Map<string, TenantNames>();
  for (const { tenant, aliases, links, held } of head) {
    const names = { ...noNames(), aliases: new Map(aliases) };
    for (const piece of takePieces(pieces, links)) names.links.add(piece);
    for (const piece of takePieces(pieces, held)) readHeld(names, piece);
    tenants.set(tenant, names);
  }
  return tenants;
}
