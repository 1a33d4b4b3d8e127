import type { OperatedBy, PledgeDecision, Verdict } from "@troth/events";
import { deskLimits } from "../limits.ts";

/** A row of the promise register as it stands. */
export type RegisterRow = Pick<
  PledgeDecision,
  | "promiseId"
  | "term"
  | "template"
  | "link"
  | "owner"
  | "operatedBy"
  | "madeBy"
  | "how"
  | "verdict"
  | "at"
  | "revision"
  | "madeAt"
  | "due"
  | "keptAt"
  | "severity"
  | "evidence"
>;

const live: ReadonlySet<Verdict> = new Set(["open", "at-risk", "overdue", "source-blind"]);
/** A promise that can still be kept or broken. */
export const isLive = (row: Pick<RegisterRow, "verdict">): boolean => live.has(row.verdict);

/**
 * The same few words come with every decision, each time as another string; held once, they are no
 * weight. Their number is bounded by the policy's.
 */
class Words {
  readonly #held = new Map<string, string>();

  once<Word extends string>(word: Word): Word {
    if (this.#held.size < 4_096 && !this.#held.has(word)) this.#held.set(word, word);
    return (this.#held.get(word) ?? word) as Word;
  }
}
const words = new Words();

const rowOf = (d: PledgeDecision): RegisterRow => ({
  promiseId: d.promiseId,
  term: d.term,
  template: words.once(d.template),
  link: words.once(d.link),
  owner: words.once(d.owner),
  operatedBy: words.once<OperatedBy>(d.operatedBy),
  madeBy: words.once(d.madeBy),
  how: words.once(d.how),
  verdict: words.once(d.verdict),
  at: d.at,
  revision: d.revision,
  madeAt: d.madeAt,
  due: d.due,
  keptAt: d.keptAt,
  severity: d.severity,
  evidence: d.evidence,
});

/** One customer's promises, the latest said of each; bounded. */
export class Register {
  readonly #rows = new Map<string, RegisterRow>();

  rows(): readonly RegisterRow[] {
    return [...this.#rows.values()];
  }

  /** Puts the decision in place of what was said of its row before, which is returned. */
  put(decision: PledgeDecision): RegisterRow | null {
    const id = `${decision.promiseId}#${decision.term}`;
    const was = this.#rows.get(id) ?? null;
    this.#rows.set(id, rowOf(decision));
    if (this.#rows.size > deskLimits.registerRowsMax) this.#rows.delete(this.#leastWanted());
    return was;
  }

  #leastWanted(): string {
    let first = "";
    for (const [id, row] of this.#rows) {
      if (!isLive(row)) return id;
      if (first === "") first = id;
    }
    return first;
  }
}
