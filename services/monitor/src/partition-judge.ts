import {
  beginSnapshot,
  Engine,
  type Handover,
  type Join,
  jsonPiece,
  nextJson,
  restoreState,
  type Taking,
  TextMap,
  takePieces,
} from "@troth/engine";
import {
  type Across,
  type Decision,
  type Flag,
  invariant,
  type Level,
  type Named,
  type NoiseBody,
  type NoiseRecord,
  type Output,
} from "@troth/events";
import type { Policy } from "@troth/policy";

type Body = Output["body"];

/** What one side of a join tells the other; plain data. */
export type Told =
  | { readonly from: "loser"; readonly handover: Handover | null }
  | { readonly from: "gainer"; readonly hasEpisode: boolean };

/**
 * Two customers of different partitions are joined or parted. Each side tells the other what it needs,
 * and goes on when it has heard the other: nothing else is judged on the partition in between. The
 * exchanges of all partitions have one order, that of their numbers, and each partition meets its own
 * in that order; so the two sides of the lowest one open always arrive, and nobody waits in a circle.
 */
export type Exchange = Across & {
  readonly tells: Told;
  /** Goes on with what the other side told; what is decided is appended to `out`. */
  readonly finish: (told: Told, out: Body[]) => void;
};

/**
 * The judge of one partition, from noise to verdict: names customers as they were given, while the
 * engine sees pseudonyms. Deterministic; all of its state follows from the records of its noise log and,
 * where customers of two partitions are joined, from those of the other one.
 */
export class PartitionJudge {
  readonly #policy: Policy;
  readonly #engine: Engine;
  /** Names as they were given, by key. */
  readonly #references: TextMap;
  /** The last one asked for: most that is said is about one customer several times over. */
  #known: Named = { key: "", reference: "" };
  /** Keys of those of whom a flag or an alert was said since they were last asked for; null: never. */
  #flagged: Set<string> | null = null;
  /** Keys of everybody whose level is above none; null until asked for. */
  #standing: Set<string> | null = null;

  constructor(
    policy: Policy,
    engine: Engine = new Engine(policy),
    references: TextMap = new TextMap(),
  ) {
    this.#policy = policy;
    this.#engine = engine;
    this.#references = references;
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** Log time reached. */
  get stamp(): number {
    return this.#engine.state.stamp;
  }

  /** Everybody of whom something but a pledge was said since this was last asked. */
  takeFlagged(): readonly Named[] {
    const flagged = this.#flagged ?? [];
    this.#flagged = new Set();
    return [...flagged].map((key) => ({ key, reference: this.#referenceOf(key) }));
  }

  /**
   * Everybody whose level, as last said, is above none. May be gone through while more is applied: who comes to have one
   * meanwhile comes last.
   */
  *standing(): Generator<Named> {
    for (const key of this.#standingKeys()) yield { key, reference: this.#referenceOf(key) };
  }

  /** How many they are. */
  get standingCount(): number {
    return this.#standingKeys().size;
  }

  #standingKeys(): ReadonlySet<string> {
    this.#standing ??= new Set(this.#engine.flagged());
    return this.#standing;
  }

  /** Log time of the next moment that would decide something without a further record. */
  nextMoment(): number {
    return this.#engine.nextMoment();
  }

  /** Processes every moment up to and including `stamp`. */
  advance(stamp: number, out: Body[]): void {
    this.#engine.advance(stamp, this.#named(out));
  }

  /**
   * Applies the next record, first the moments up to its stamp. Gives an exchange when it needs the
   * other side of a join before it can go on; null when it is done.
   */
  apply(record: NoiseRecord, out: Body[]): Exchange | null {
    const { stamp, body } = record;
    const said = this.#named(out);
    switch (body.kind) {
      case "fact": {
        const { customer, origin, fact } = body;
        this.#know(customer);
        this.advance(stamp, out);
        out.push({ kind: "noise", customer: customer.reference, fact });
        this.#engine.apply({ kind: "fact", stamp, customer: customer.key, origin, fact }, said);
        return null;
      }
      case "retract": {
        const { customer, facts } = body;
        this.#know(customer);
        this.advance(stamp, out);
        out.push({ kind: "retraction", customer: customer.reference, facts });
        const taken = new Set(facts);
        this.#engine.apply({ kind: "retract", stamp, customer: customer.key, facts: taken }, said);
        return null;
      }
      case "merge":
      case "split":
        return this.#join(body, stamp, out);
      case "cohort":
        this.advance(stamp, out);
        if (body.speaks) out.push({ kind: "noise", customer: null, fact: body.fact });
        this.#engine.apply({ kind: "cohort", stamp, fact: body.fact }, said);
        return null;
      case "source": {
        const { source, change, heard, says } = body;
        // A feed's silence counts for the deadlines of the same moment; its return comes after them.
        this.advance(change === "silent" ? stamp - 1 : stamp, out);
        if (says !== null) out.push(says);
        this.#engine.apply({ kind: "source", stamp, source, change, heard }, said);
        return null;
      }
      case "tick":
        this.advance(stamp, out);
        return null;
      case "policy":
        this.advance(stamp, out);
        return null;
    }
  }

  /** A customer's flag at `now`; null when nothing stands against them. */
  flag(customer: Named, now: number): Flag | null {
    const flag = this.#engine.flag(customer.key, now);
    return flag === null ? null : { ...flag, customer: customer.reference };
  }

  /** Every flag at `now`, in order of the customer's reference. */
  flags(now: number): readonly Flag[] {
    return [...this.#engine.flags(now)]
      .map((flag) => ({ ...flag, customer: this.#referenceOf(flag.customer) }))
      .sort((a, b) => (a.customer < b.customer ? -1 : 1));
  }

  /** Begins to take the whole state as it is now; belongs to this policy only. */
  beginSnapshot(): Taking {
    const references = [...this.#references.pieces()];
    const { step, pieces } = beginSnapshot(this.#policy, this.#engine.state);
    const head = jsonPiece({ references: references.length });
    return { step, pieces: () => [head, ...references, ...pieces()] };
  }

  static restore(policy: Policy, pieces: Iterator<Buffer>): PartitionJudge {
    const head = nextJson(pieces) as { references: number };
    const references = new TextMap();
    for (const piece of takePieces(pieces, head.references)) references.add(piece);
    return new PartitionJudge(policy, new Engine(policy, restoreState(policy, pieces)), references);
  }

  #join(
    body: NoiseBody & { kind: "merge" | "split" },
    stamp: number,
    out: Body[],
  ): Exchange | null {
    const { kind, part, whole, across } = body;
    const join: Join = { kind, part: part.key, whole: whole.key };
    const said = this.#named(out);
    this.#know(part);
    this.#know(whole);
    this.advance(stamp, out);
    if (across === null) {
      out.push({ kind, part: part.reference, whole: whole.reference });
      this.#engine.apply({ ...join, stamp }, said);
      return null;
    }
    if (across.side === "loses") {
      return {
        ...across,
        tells: { from: "loser", handover: this.#engine.handOver(join) },
        finish: (told, later) => {
          invariant(told.from === "gainer", "the losing side heard no gainer");
          this.#engine.letGo(join, !told.hasEpisode, stamp, this.#named(later));
        },
      };
    }
    // One side says it, or readers would move the same timeline twice.
    out.push({ kind, part: part.reference, whole: whole.reference });
    return {
      ...across,
      tells: { from: "gainer", hasEpisode: this.#engine.hasEpisode(whole.key) },
      finish: (told, later) => {
        invariant(told.from === "loser", "the gaining side heard no loser");
        this.#engine.takeOver(join, told.handover, stamp, this.#named(later));
      },
    };
  }

  #stand(key: string, level: Level): void {
    if (level === "none") this.#standing?.delete(key);
    else this.#standing?.add(key);
  }

  #know(customer: Named): void {
    if (customer.key === this.#known.key) return;
    const { key, reference } = customer;
    const given = this.#references.get(key);
    if (given === undefined) this.#references.set(key, reference);
    this.#known = given === undefined ? customer : { key, reference: given };
  }

  #referenceOf(key: string): string {
    if (key === this.#known.key) return this.#known.reference;
    const reference = this.#references.get(key);
    if (reference === undefined) return key;
    this.#known = { key, reference };
    return reference;
  }

  #named(out: Body[]): { push(decision: Decision): void } {
    return {
      push: (decision) => {
        if (!("customer" in decision)) out.push(decision);
        else {
          if (decision.kind !== "pledge") this.#flagged?.add(decision.customer);
          if (decision.kind === "flag") this.#stand(decision.customer, decision.level);
          out.push({ ...decision, customer: this.#referenceOf(decision.customer) });
        }
      },
    };
  }
}
