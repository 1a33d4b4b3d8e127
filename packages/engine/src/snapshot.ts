import type { Fact } from "@troth/events";
import { invariant } from "@troth/events";
import type { Policy } from "@troth/policy";
import { Customers } from "./customers.ts";
import { Names } from "./packed/names.ts";
import { jsonPiece, nextJson, takePieces } from "./packed/pieces.ts";
import type { SourceHealth, State } from "./state.ts";
import { Timers } from "./timers.ts";

type Head = {
  readonly format: 5;
  readonly policy: string;
  readonly stamp: number;
  readonly sources: SourceHealth[];
  readonly cohorts: Fact[];
  readonly waiting: readonly (readonly number[])[];
  /** What packed customers name by number. */
  readonly names: readonly string[];
  readonly customers: number;
  /** Pieces the customers take; as many moments follow as there are customers. */
  readonly pieces: number;
};

/** A piece of customers or timers holds about so many bytes. */
const pieceBytes = 1 << 20;
const momentBytes = 8;

/** A snapshot under way: of how things were when it began, however much happens until all is taken. */
export type Taking = {
  /** Takes some more, as much as does not hold anybody up unless told; true once all is taken. */
  readonly step: (work?: number) => boolean;
  /** All of it, once it is taken. */
  readonly pieces: () => readonly Buffer[];
};

/** So much is done at a time, about as much as judging a hundred records; packing a customer counts `packingWork`. */
const workPerStep = 2_000;
/**
 * A large state is taken in larger steps: what is judged meanwhile, and would have to be judged again after
 * a kill, may not grow with the number of customers.
 */
const stepsAtMost = 250;

/**
 * Begins to take the state in pieces: a head in JSON, then customers as they lie packed (each with its
 * length before it), then their next moments. Templates and rules are named by their number in the
 * policy, so a snapshot belongs to the policy hash in its head and no other.
 */
export function beginSnapshot(policy: Policy, state: State): Taking {
  const { customers } = state;
  const { names, size } = customers;
  const { stamp } = state;
  const sources = state.sources.map((one) => ({ ...one }));
  const cohorts = [...state.cohorts];
  const waiting = state.waiting.map((slots) => [...slots]);
  const moments = [...momentPieces(state)];
  const taking = customers.beginTaking();
  const usually = Math.max(workPerStep, Math.ceil(taking.ahead / stepsAtMost));
  const packed = new PackedPieces();
  let isTaken = false;
  return {
    step: (work = usually) => {
      const until = taking.work + work;
      while (taking.work < until && !isTaken) {
        const bytes = customers.takeNext(taking);
        if (bytes === null) isTaken = true;
        else packed.add(bytes);
      }
      return isTaken;
    },
    pieces: () => {
      invariant(isTaken, "a snapshot is asked for before all of it is taken");
      const taken = packed.all();
      // Made last: packing may give new names a number.
      const head: Head = {
        format: 5,
        policy: policy.hash,
        stamp,
        sources,
        cohorts,
        waiting,
        names: names.list,
        customers: size,
        pieces: taken.length,
      };
      return [jsonPiece(head), ...taken, ...moments];
    },
  };
}

/** A whole snapshot at once. */
export function takeAll(taking: Taking): readonly Buffer[] {
  while (!taking.step());
  return taking.pieces();
}

/** Customers' bytes, each with its length before it, in pieces of about `pieceBytes`. */
class PackedPieces {
  readonly #full: Buffer[] = [];
  #piece = Buffer.allocUnsafe(pieceBytes);
  #end = 0;

  add(packed: Buffer): void {
    const size = 4 + packed.length;
    if (this.#end > 0 && this.#end + size > this.#piece.length) {
      this.#full.push(this.#piece.subarray(0, this.#end));
      this.#piece = Buffer.allocUnsafe(Math.max(pieceBytes, size));
      this.#end = 0;
    } else if (size > this.#piece.length) this.#piece = Buffer.allocUnsafe(size);
    this.#end = this.#piece.writeUInt32LE(packed.length, this.#end);
    this.#end += packed.copy(this.#piece, this.#end);
  }

  all(): readonly Buffer[] {
    return this.#end === 0 ? this.#full : [...this.#full, this.#piece.subarray(0, this.#end)];
  }
}

/** The next moment of each slot. */
function* momentPieces({ customers, timers }: State): Generator<Buffer> {
  for (let from = 0; from < customers.size; from += pieceBytes / momentBytes) {
    const count = Math.min(customers.size - from, pieceBytes / momentBytes);
    const piece = Buffer.allocUnsafe(momentBytes * count);
    for (let i = 0; i < count; i += 1) piece.writeDoubleLE(timers.of(from + i), momentBytes * i);
    yield piece;
  }
}

/**
 * Pieces of a snapshot back to state; takes no more of them than it gave. Trips an invariant on
 * a snapshot of another policy.
 */
export function restoreState(policy: Policy, pieces: Iterator<Buffer>): State {
  const head = nextJson(pieces) as Head;
  invariant(head.format === 5, `snapshot format ${String(head.format)} is not known here`);
  invariant(head.policy === policy.hash, "the snapshot was made under another policy");
  const customers = new Customers(policy, new Names(head.names));
  for (const piece of takePieces(pieces, head.pieces)) readCustomers(customers, piece);
  invariant(customers.size === head.customers, "the snapshot lacks customers its head counts");
  const timers = new Timers();
  const rest = Math.ceil((momentBytes * head.customers) / pieceBytes);
  let moments = 0;
  for (const piece of takePieces(pieces, rest)) moments += readMoments(timers, moments, piece);
  invariant(moments === head.customers, "the snapshot lacks moments of customers");
  return {
    customers,
    sources: head.sources,
    cohorts: head.cohorts,
    waiting: head.waiting.map((slots) => new Set(slots)),
    timers,
    stamp: head.stamp,
  };
}

function readCustomers(customers: Customers, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    customers.addPacked(bytes, at + 4, end);
    at = end;
  }
}

/** How many moments the bytes held; the first is that of slot `first`. */
function readMoments(timers: Timers, first: number, bytes: Buffer): number {
  const count = bytes.length / momentBytes;
  for (let i = 0; i < count; i += 1) timers.set(first + i, bytes.readDoubleLE(i * momentBytes));
  return count;
}
