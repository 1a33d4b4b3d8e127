import type { Taking } from "@troth/engine";
import type { Fact, Flag, NoiseRecord, Output } from "@troth/events";
import { invariant } from "@troth/events";
import { Dispatcher, type Fate, type Tally } from "@troth/identity";
import { PartitionJudge } from "@troth/monitor";
import type { Policy } from "@troth/policy";

export type { Fate } from "@troth/identity";

type Body = Output["body"];

/**
 * From door to verdict in one go: the registrar and the judge of its only partition, without a log
 * between them. What they do together is what they do apart, over any number of partitions.
 */
export class Pipeline {
  readonly #dispatcher: Dispatcher;
  readonly #judge: PartitionJudge;
  #offset = 0;

  constructor(
    policy: Policy,
    key: string,
    dispatcher: Dispatcher = new Dispatcher(optionsOf(policy, key)),
    judge: PartitionJudge = new PartitionJudge(policy),
  ) {
    this.#dispatcher = dispatcher;
    this.#judge = judge;
  }

  /** Log time of the next moment that would decide something without a further fact. */
  nextMoment(): number {
    return Math.min(this.#dispatcher.nextMoment(), this.#judge.nextMoment());
  }

  /** Facts that wait for a link to a customer. */
  get waiting(): number {
    return this.#dispatcher.waiting;
  }

  /** What became of all facts so far. */
  get tally(): Readonly<Tally> {
    return this.#dispatcher.tally;
  }

  get policy(): Policy {
    return this.#judge.policy;
  }

  /** Takes the next fact of the log. `stamp` must not go back; `full` as the registrar has it. */
  take(fact: Fact, stamp: number, out: Body[], full: Fact[] = []): Fate {
    const fate = this.#dispatcher.take(fact, this.#next(), stamp, this.#into(out), full);
    // A duplicate, or a fact that waits, is handed to nobody: it only moves time.
    this.#judge.advance(stamp, out);
    return fate;
  }

  /** Moves log time to `stamp`, processing every moment on the way in order. */
  tick(stamp: number, out: Body[]): void {
    this.#dispatcher.tick(this.#next(), stamp, this.#into(out));
  }

  /** A customer's flag at `now` by any reference they are known by; null when nothing stands. */
  flag(tenant: string, reference: string, now: number): Flag | null {
    const customer = this.#dispatcher.customerOf(tenant, reference);
    return customer === null ? null : this.#judge.flag(customer, now);
  }

  /** Every flag at `now`, in order of the customer's reference. */
  flags(now: number): readonly Flag[] {
    return this.#judge.flags(now);
  }

  /** Begins to take the whole state as it is now; belongs to this policy only. */
  beginSnapshot(): Taking {
    const before = [...this.#dispatcher.snapshot()];
    const { step, pieces } = this.#judge.beginSnapshot();
    return { step, pieces: () => [...before, ...pieces()] };
  }

  static restore(policy: Policy, key: string, pieces: Iterator<Buffer>): Pipeline {
    const dispatcher = Dispatcher.restore(optionsOf(policy, key), pieces);
    return new Pipeline(policy, key, dispatcher, PartitionJudge.restore(policy, pieces));
  }

  #next(): number {
    this.#offset += 1;
    return this.#offset - 1;
  }

  #into(out: Body[]): (partition: number, record: NoiseRecord) => void {
    return (_, record) => {
      const exchange = this.#judge.apply(record, out);
      invariant(exchange === null, "an exchange with another partition where there is only one");
    };
  }
}

const optionsOf = (policy: Policy, key: string) => ({ policy, key, partitions: 1 });
