import {
  emptyWatch,
  jsonPiece,
  nextJson,
  SourceWatch,
  TextMap,
  takePieces,
  type WatchState,
} from "@troth/engine";
import {
  type Across,
  type Fact,
  identityOf,
  invariant,
  type Named,
  type NoiseBody,
  type NoiseRecord,
  partitionOf,
  pseudonym,
  type Reference,
  type SourceDecision,
} from "@troth/events";
import type { Policy } from "@troth/policy";
import { type NamesHead, restoredNames, savedNames } from "./names.ts";
import { Registrar, type Routed } from "./registrar.ts";
import { Seen } from "./seen.ts";

/** What became of one fact. */
export type Fate = "applied" | "duplicate" | "turned-away";

/** Takes a record for the log of one partition. */
export type Deliver = (partition: number, record: NoiseRecord) => void;

/** `read = applied + duplicates + turnedAway`, always: one turned away later is no longer applied. */
export type Tally = { read: number; applied: number; duplicates: number; turnedAway: number };

export type DispatcherOptions = {
  readonly policy: Policy;
  /** Key of the pseudonyms. */
  readonly key: string;
  readonly partitions: number;
};

type Parts = {
  readonly registrar: Registrar;
  readonly watch: SourceWatch;
  /** Facts seen within the policy's `dedupe` window. */
  readonly seen: Seen;
  readonly tally: Tally;
  /** Number of the next record of each partition. */
  readonly numbers: number[];
  exchanges: number;
  stamp: number;
  policy: string;
};

const keysMax = 1_000_000;
const tenantsMax = 64;

/** Of the records for all partitions this one says what there is to say. */
const spokesman = 0;

/**
 * The registrar as one ordered machine: facts in, records for the partitions out. Duplicates are
 * dropped, feeds watched, references joined, all once and before partitioning, so that what a
 * customer's judge is told does not depend on how many partitions there are. Deterministic: the only
 * state is its own, and all of it follows from the facts and stamps given.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #parts: Parts;
  /** Pseudonyms by tenant and reference, to spare working them out. */
  readonly #keys = new Map<string, TextMap>();

  constructor(options: DispatcherOptions, parts: Parts = emptyParts(options)) {
    this.#options = options;
    this.#parts = parts;
  }

  /** When the next feed falls silent if nothing is heard of it. */
  nextMoment(): number {
    return this.#parts.watch.nextMoment();
  }

  /** Facts that wait for a link to a customer. */
  get waiting(): number {
    return this.#parts.registrar.waiting;
  }

  /** What became of all facts so far. */
  get tally(): Readonly<Tally> {
    return this.#parts.tally;
  }

  /** Log time so far. */
  get stamp(): number {
    return this.#parts.stamp;
  }

  /** Hash of the policy last switched to, or begun with. */
  get policy(): string {
    return this.#parts.policy;
  }

  /** Records handed to each partition so far. */
  get numbers(): readonly number[] {
    return this.#parts.numbers;
  }

  /**
   * Takes the next fact of the log, at its offset; an earlier stamp counts as the latest one. Every
   * fact that found a waiting room full is named in `full`: the fact itself, a copy of it for one
   * order, or one that was taken back and had to wait again.
   */
  take(fact: Fact, inOffset: number, stamp: number, deliver: Deliver, full: Fact[] = []): Fate {
    const { watch, registrar, tally, seen } = this.#parts;
    const send = this.#sender(inOffset, deliver);
    const now = this.#passTo(stamp, send);
    tally.read += 1;
    if (seen.arrived(identityOf(fact), now)) {
      tally.duplicates += 1;
      return "duplicate";
    }
    const said: SourceDecision[] = [];
    const out = { push: (one: SourceDecision) => said.push(one) };
    this.#tellOfFeeds(watch.hear(fact, now, out), said, send);
    const { routed, turnedAway } = registrar.route(fact);
    for (const one of routed) this.#hand(one, now, send);
    tally.turnedAway += turnedAway.length;
    tally.applied += 1 - turnedAway.length;
    full.push(...turnedAway);
    return turnedAway.includes(fact) ? "turned-away" : "applied";
  }

  /** Moves log time, and tells every partition of it. */
  tick(inOffset: number, stamp: number, deliver: Deliver): void {
    const send = this.#sender(inOffset, deliver);
    const now = this.#passTo(stamp, send);
    this.#toAll(() => ({ kind: "tick" }), now, send);
  }

  /** From here on every partition judges under another policy. */
  switchPolicy(hash: string, inOffset: number, stamp: number, deliver: Deliver): void {
    const send = this.#sender(inOffset, deliver);
    const now = this.#passTo(stamp, send);
    this.#parts.policy = hash;
    this.#toAll(() => ({ kind: "policy", hash }), now, send);
  }

  /** The customer a reference stands for now, merges followed; null while nobody knows. */
  customerOf(tenant: string, reference: Reference): Named | null {
    const customer = this.#parts.registrar.customerOf(tenant, reference);
    return customer === null ? null : this.#named(tenant, customer);
  }

  /** In pieces; belongs to this policy's sources and limits, and to this number of partitions. */
  *snapshot(): Generator<Buffer> {
    const { registrar, watch, seen, ...rest } = this.#parts;
    const names = savedNames(registrar.tenants);
    const arrived = seen.snapshot(rest.stamp);
    const head: Head = { ...rest, watch: watch.state, names: names.head, seen: arrived.length };
    yield jsonPiece(head);
    yield* names.pieces;
    yield* arrived;
  }

  /** Takes as many pieces as `snapshot` gave. */
  static restore(options: DispatcherOptions, pieces: Iterator<Buffer>): Dispatcher {
    const head = nextJson(pieces) as Head;
    const { watch, names, seen, ...rest } = head;
    invariant(
      rest.numbers.length === options.partitions,
      `the snapshot is of ${rest.numbers.length} partitions, not of ${options.partitions}`,
    );
    const { limits } = options.policy;
    return new Dispatcher(options, {
      ...rest,
      registrar: new Registrar(limits, restoredNames(names, pieces)),
      watch: new SourceWatch(options.policy, watch),
      seen: Seen.restore(limits.dedupeMs, takePieces(pieces, seen)),
    });
  }

  #sender(inOffset: number, deliver: Deliver): Send {
    const { numbers } = this.#parts;
    return (partition, stamp, body) => {
      const number = numbers[partition] ?? 0;
      numbers[partition] = number + 1;
      deliver(partition, { number, inOffset, stamp, body });
    };
  }

  /** Feeds that fall silent on the way, each at its moment; gives the log time reached. */
  #passTo(stamp: number, send: Send): number {
    const { watch } = this.#parts;
    const now = Math.max(this.#parts.stamp, stamp);
    for (let moment = watch.nextMoment(); moment <= now; moment = watch.nextMoment()) {
      const said: SourceDecision[] = [];
      const out = { push: (one: SourceDecision) => said.push(one) };
      this.#tellOfFeeds(watch.fallSilent(moment, out), said, send);
    }
    this.#parts.stamp = now;
    return now;
  }

  #tellOfFeeds(records: ReturnType<SourceWatch["hear"]>, said: SourceDecision[], send: Send): void {
    for (const record of records) {
      if (record.kind !== "source") continue;
      const { stamp, source, change, heard } = record;
      // Whoever is heard for the first time is watched from now on, of which nothing is said.
      const says = change === "watched" ? null : (said.shift() ?? null);
      this.#toAll(
        (speaks) => ({ kind: "source", source, change, heard, says: speaks ? says : null }),
        stamp,
        send,
      );
    }
  }

  #toAll(body: (speaks: boolean) => NoiseBody, stamp: number, send: Send): void {
    for (let partition = 0; partition < this.#options.partitions; partition += 1) {
      send(partition, stamp, body(partition === spokesman));
    }
  }

  #hand(routed: Routed, stamp: number, send: Send): void {
    switch (routed.kind) {
      case "fact": {
        const { fact } = routed;
        const customer = this.#named(fact.tenant, routed.customer);
        const origin =
          routed.origin === routed.customer
            ? customer.key
            : this.#named(fact.tenant, routed.origin).key;
        send(this.#home(customer), stamp, { kind: "fact", customer, origin, fact });
        return;
      }
      case "retract": {
        const customer = this.#named(routed.tenant, routed.customer);
        send(this.#home(customer), stamp, { kind: "retract", customer, facts: [...routed.facts] });
        return;
      }
      case "merge":
      case "split":
        this.#join(routed, stamp, send);
        return;
      case "cohort":
        this.#toAll((speaks) => ({ kind: "cohort", fact: routed.fact, speaks }), stamp, send);
    }
  }

  #join(routed: Routed & { kind: "merge" | "split" }, stamp: number, send: Send): void {
    const part = this.#named(routed.tenant, routed.part);
    const whole = this.#named(routed.tenant, routed.whole);
    const [loser, gainer] = routed.kind === "merge" ? [part, whole] : [whole, part];
    const [loses, gains] = [this.#home(loser), this.#home(gainer)];
    const body = (across: Across | null): NoiseBody => ({
      kind: routed.kind,
      part,
      whole,
      across,
    });
    if (loses === gains) {
      send(loses, stamp, body(null));
      return;
    }
    const exchange = this.#parts.exchanges;
    this.#parts.exchanges += 1;
    send(loses, stamp, body({ side: "loses", other: gains, exchange }));
    send(gains, stamp, body({ side: "gains", other: loses, exchange }));
  }

  #home(customer: Named): number {
    return partitionOf(customer.key, this.#options.partitions);
  }

  #named(tenant: string, reference: Reference): Named {
    const keys = this.#keysOf(tenant);
    const known = keys.get(reference);
    if (known !== undefined) return { reference, key: known };
    const key = pseudonym(tenant, reference, this.#options.key);
    keys.set(reference, key);
    return { reference, key };
  }

  #keysOf(tenant: string): TextMap {
    const known = this.#keys.get(tenant);
    // Worked out again when it is needed again: only sparing work, it may not grow for ever.
    if (known !== undefined && known.size < keysMax) return known;
    if (this.#keys.size >= tenantsMax) this.#keys.clear();
    const fresh = new TextMap();
    this.#keys.set(tenant, fresh);
    return fresh;
  }
}

type Send = (partition: number, stamp: number, body: NoiseBody) => void;

/** The first piece of a snapshot. */
type Head = Omit<Parts, "registrar" | "watch" | "seen"> & {
  readonly watch: WatchState;
  readonly names: NamesHead;
  /** Pieces of what was seen; of all the largest part. */
  readonly seen: number;
};

const emptyParts = ({ policy, partitions }: DispatcherOptions): Parts => ({
  registrar: new Registrar(policy.limits),
  watch: new SourceWatch(policy, emptyWatch(policy)),
  seen: new Seen(policy.limits.dedupeMs),
  tally: { read: 0, applied: 0, duplicates: 0, turnedAway: 0 },
  numbers: Array.from({ length: partitions }, () => 0),
  exchanges: 0,
  stamp: 0,
  policy: policy.hash,
});
