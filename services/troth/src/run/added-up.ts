import type { CohortDecision, Output } from "@troth/events";

/**
 * Makes one sequence of what all partitions say, in the order it is heard, for who shows it and keeps
 * nothing. Whom a cohort fact touched each partition says for itself: it is passed on added up, once
 * the last has said it.
 */
export class AddedUp {
  readonly #partitions: number;
  readonly #emit: (output: Output) => void;
  readonly #cohorts = new Map<string, { touched: number; readonly said: Set<number> }>();
  #place = 0;

  constructor(partitions: number, emit: (output: Output) => void) {
    this.#partitions = partitions;
    this.#emit = emit;
  }

  /** The next output of a partition, of which no copy was handed in before. */
  fold(partition: number, output: Output): void {
    const body = output.body.kind === "cohort" ? this.#added(partition, output.body) : output.body;
    if (body === null) return;
    this.#emit({ inOffset: this.#place, seq: 0, stamp: output.stamp, body });
    this.#place += 1;
  }

  #added(partition: number, said: CohortDecision): CohortDecision | null {
    const name = `${said.at} ${said.cohort} ${said.rule}`;
    const known = this.#cohorts.get(name) ?? { touched: 0, said: new Set() };
    this.#cohorts.set(name, known);
    // A reader that was started again hands in everything again.
    if (!known.said.has(partition)) known.touched += said.touched;
    known.said.add(partition);
    if (known.said.size < this.#partitions) return null;
    this.#cohorts.delete(name);
    return { ...said, touched: known.touched };
  }
}
