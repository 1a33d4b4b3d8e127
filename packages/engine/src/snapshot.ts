import type { Fact } from "@troth/events";
import { invariant } from "@troth/events";
import type { Policy } from "@troth/policy";
import { Customers } from "./customers.ts";
import { Names } from "./packed/names.ts";
import type { SourceHealth, State } from "./state.ts";
import { Timers } from "./timers.ts";

type Head = {
  readonly format: 3;
  readonly policy: string;
  readonly stamp: number;
  readonly sources: SourceHealth[];
  readonly cohorts: Fact[];
  readonly waiting: readonly (readonly number[])[];
  /** What packed customers name by number. */
  readonly names: readonly string[];
  readonly customers: number;
  /** Lines the customers take; as many moments follow as there are customers. */
  readonly lines: number;
};

/** A line of customers or timers holds about so many bytes before base64. */
const lineBytes = 1 << 20;
const momentBytes = 8;

/**
 * The state as lines of text: a head in JSON, then customers as they lie packed (each with its length
 * before it), then their next moments, both in base64. Templates and rules are named by their number in the policy,
 * so a snapshot belongs to the policy hash in its head and no other.
 */
export function* snapshotState(policy: Policy, state: State): Generator<string> {
  const { customers } = state;
  const lines = [...customerLines(customers)];
  // The head comes first but is made last: packing may give new names a number.
  const head: Head = {
    format: 3,
    policy: policy.hash,
    stamp: state.stamp,
    sources: state.sources,
    cohorts: state.cohorts,
    waiting: state.waiting.map((slots) => [...slots]),
    names: customers.names.list,
    customers: customers.size,
    lines: lines.length,
  };
  yield JSON.stringify(head);
  yield* lines;
  yield* momentLines(state);
}

function* customerLines(customers: Customers): Generator<string> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for (const packed of customers.packed()) {
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32LE(packed.length);
    pieces.push(length, packed);
    bytes += 4 + packed.length;
    if (bytes < lineBytes) continue;
    yield Buffer.concat(pieces).toString("base64");
    pieces = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(pieces).toString("base64");
}

/** The next moment of each slot. */
function* momentLines({ customers, timers }: State): Generator<string> {
  const line = Buffer.allocUnsafe(lineBytes);
  let end = 0;
  for (let slot = 0; slot < customers.size; slot += 1) {
    end = line.writeDoubleLE(timers.of(slot), end);
    if (end < lineBytes) continue;
    yield line.toString("base64");
    end = 0;
  }
  if (end > 0) yield line.toString("base64", 0, end);
}

/** Lines of `snapshotState` back to state. Trips an invariant on a snapshot of another policy. */
export function restoreState(policy: Policy, lines: Iterable<string>): State {
  let head: Head | null = null;
  let customers = new Customers(policy);
  const timers = new Timers();
  let read = 0;
  let moments = 0;
  for (const line of lines) {
    if (head === null) {
      head = JSON.parse(line) as Head;
      invariant(head.format === 3, `snapshot format ${String(head.format)} is not known here`);
      invariant(head.policy === policy.hash, "the snapshot was made under another policy");
      customers = new Customers(policy, new Names(head.names));
      continue;
    }
    const bytes = Buffer.from(line, "base64");
    if (read < head.lines) readCustomers(customers, bytes);
    else moments += readMoments(timers, moments, bytes);
    read += 1;
  }
  invariant(head !== null, "the snapshot is empty");
  invariant(
    customers.size === head.customers && moments === head.customers,
    "the snapshot lacks customers its head counts",
  );
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
