import {
  Engine,
  type EngineRecord,
  emptyState,
  emptyWatch,
  restoreState,
  SourceWatch,
  snapshotState,
  type WatchState,
} from "@troth/engine";
import type { Decision, Fact, Flag, Output } from "@troth/events";
import { identityOf, invariant, pseudonym } from "@troth/events";
import { type Names, namesFrom, namesOf, Registrar, type Routed } from "@troth/identity";
import type { Policy } from "@troth/policy";

/** What became of one fact: exactly one of the three that add up to what was read. */
export type Fate = "applied" | "duplicate" | "turned-away";

type Body = Output["body"];

type Parts = {
  readonly engine: Engine;
  readonly registrar: Registrar;
  readonly watch: SourceWatch;
  /** Facts seen within the policy's `dedupe` window, oldest first, with their stamps. */
  readonly seen: Map<string, number>;
};

/**
 * One partition from door to verdict: duplicates dropped, source health watched, references joined,
 * customers judged. Deterministic; the only state is its own, and all of it follows from the facts
 * and stamps given. What comes out names customers as they were given; the engine sees pseudonyms.
 */
export class Pipeline {
  readonly #policy: Policy;
  readonly #key: string;
  readonly #parts: Parts;
  readonly #keyByReference = new Map<string, string>();
  readonly #referenceByKey = new Map<string, string>();
  /** No fact in `seen` is older; it may be older than all of them, never younger than one. */
  #oldestSeen = Number.NEGATIVE_INFINITY;

  constructor(policy: Policy, key: string, parts: Parts = emptyParts(policy)) {
    this.#policy = policy;
    this.#key = key;
    this.#parts = parts;
  }

  /** Log time of the next moment that would decide something without a further fact. */
  nextMoment(): number {
    return Math.min(this.#parts.engine.nextMoment(), this.#parts.watch.nextMoment());
  }

  /** Facts that wait for a link to a customer. */
  get waiting(): number {
    return this.#parts.registrar.waiting;
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** Takes the next fact of the log. `stamp` must not go back. */
  take(fact: Fact, stamp: number, out: Body[]): Fate {
    this.tick(stamp, out);
    if (this.#isDuplicate(fact, stamp)) return "duplicate";
    const { engine, watch, registrar } = this.#parts;
    const said = this.#named(out);
    for (const record of watch.hear(fact, stamp, said)) engine.apply(record, said);
    const { routed, turnedAway } = registrar.route(fact);
    for (const one of routed) {
      out.push(bodyOf(one));
      engine.apply(this.#addressed(one, stamp), said);
    }
    return routed.length === 0 && turnedAway.includes(fact) ? "turned-away" : "applied";
  }

  /** Moves log time to `stamp`, processing every moment on the way in order. */
  tick(stamp: number, out: Body[]): void {
    const { engine, watch } = this.#parts;
    const said = this.#named(out);
    for (;;) {
      const silence = watch.nextMoment();
      if (silence > stamp) break;
      // Feeds first at any moment: a deadline that falls with its feed is blind, not broken.
      engine.advance(silence - 1, said);
      for (const record of watch.fallSilent(silence, said)) engine.apply(record, said);
    }
    engine.advance(stamp, said);
  }

  /** A customer's flag at `now` by any reference they are known by; null when nothing stands. */
  flag(tenant: string, reference: string, now: number): Flag | null {
    const customer = this.#parts.registrar.customerOf(tenant, reference);
    if (customer === null) return null;
    const flag = this.#parts.engine.flag(this.#keyOf(tenant, customer), now);
    return flag === null ? null : { ...flag, customer };
  }

  /** Every flag at `now`, in order of the customer's reference. */
  flags(now: number): readonly Flag[] {
    return [...this.#parts.engine.flags(now)]
      .map((flag) => ({ ...flag, customer: this.#referenceOf(flag.customer) }))
      .sort((a, b) => (a.customer < b.customer ? -1 : 1));
  }

  /** The whole state as lines of JSON; belongs to this policy only. */
  *snapshot(): Generator<string> {
    const { engine, registrar, watch, seen } = this.#parts;
    const head: Head = {
      watch: watch.state,
      names: namesOf(registrar),
      references: [...this.#referenceByKey],
      seen: [...seen],
    };
    yield JSON.stringify(head);
    yield* snapshotState(this.#policy, engine.state);
  }

  static restore(policy: Policy, key: string, lines: Iterable<string>): Pipeline {
    const iterator = lines[Symbol.iterator]();
    const first = iterator.next();
    invariant(first.done !== true, "the snapshot is empty");
    const head = JSON.parse(first.value) as Head;
    const rest: Iterable<string> = { [Symbol.iterator]: () => iterator };
    const pipeline = new Pipeline(policy, key, {
      engine: new Engine(policy, restoreState(policy, rest)),
      registrar: new Registrar(policy.limits, namesFrom(head.names)),
      watch: new SourceWatch(policy, head.watch),
      seen: new Map(head.seen),
    });
    for (const [customer, reference] of head.references) {
      pipeline.#referenceByKey.set(customer, reference);
    }
    return pipeline;
  }

  #keyOf(tenant: string, reference: string): string {
    const name = `${tenant}\u0000${reference}`;
    const known = this.#keyByReference.get(name);
    if (known !== undefined) return known;
    const key = pseudonym(tenant, reference, this.#key);
    this.#keyByReference.set(name, key);
    this.#referenceByKey.set(key, reference);
    return key;
  }

  #referenceOf(key: string): string {
    return this.#referenceByKey.get(key) ?? key;
  }

  #named(out: Body[]): { push(decision: Decision): void } {
    return {
      push: (decision) => {
        if (!("customer" in decision)) out.push(decision);
        else out.push({ ...decision, customer: this.#referenceOf(decision.customer) });
      },
    };
  }

  #isDuplicate(fact: Fact, stamp: number): boolean {
    const { seen } = this.#parts;
    const expired = stamp - this.#policy.limits.dedupeMs;
    if (this.#oldestSeen <= expired) {
      this.#oldestSeen = Number.POSITIVE_INFINITY;
      for (const [identity, at] of seen) {
        if (at > expired) {
          this.#oldestSeen = at;
          break;
        }
        seen.delete(identity);
      }
    }
    this.#oldestSeen = Math.min(this.#oldestSeen, stamp);
    const identity = identityOf(fact);
    if (seen.has(identity)) return true;
    seen.set(identity, stamp);
    return false;
  }

  #addressed(routed: Routed, stamp: number): EngineRecord {
    switch (routed.kind) {
      case "fact": {
        const { fact } = routed;
        const customer = this.#keyOf(fact.tenant, routed.customer);
        const origin =
          routed.origin === routed.customer ? customer : this.#keyOf(fact.tenant, routed.origin);
        return { kind: "fact", stamp, customer, origin, fact };
      }
      case "retract":
        return {
          kind: "retract",
          stamp,
          customer: this.#keyOf(routed.tenant, routed.customer),
          facts: routed.facts,
        };
      case "merge":
      case "split":
        return {
          kind: routed.kind,
          stamp,
          part: this.#keyOf(routed.tenant, routed.part),
          whole: this.#keyOf(routed.tenant, routed.whole),
        };
      case "cohort":
        return { kind: "cohort", stamp, fact: routed.fact };
    }
  }
}

type Head = {
  readonly watch: WatchState;
  readonly names: Names;
  readonly references: readonly (readonly [string, string])[];
  readonly seen: readonly (readonly [string, number])[];
};

const emptyParts = (policy: Policy): Parts => ({
  engine: new Engine(policy, emptyState(policy)),
  registrar: new Registrar(policy.limits),
  watch: new SourceWatch(policy, emptyWatch(policy)),
  seen: new Map(),
});

function bodyOf(routed: Routed): Body {
  switch (routed.kind) {
    case "fact":
      return { kind: "noise", customer: routed.customer, fact: routed.fact };
    case "retract":
      return { kind: "retraction", customer: routed.customer, facts: [...routed.facts] };
    case "merge":
    case "split":
      return { kind: routed.kind, part: routed.part, whole: routed.whole };
    case "cohort":
      return { kind: "noise", customer: null, fact: routed.fact };
  }
}
