/**
 * What was done to a customer, as far as it may move money. There is no place in it for how often
 * they called, how they sounded or who follows them: what cannot be said cannot be paid for.
 */
export type Harm = {
  /** Link where it broke worst. */
  readonly link: string;
  /** 1 to 5: the worst that stands. */
  readonly severity: number;
  /** Links on which something stands broken, those of being heard left out. */
  readonly links: number;
};

export type BrokenRow = {
  readonly link: string;
  readonly severity: number;
  readonly verdict: string;
};

/**
 * The harm of what stands broken. Links by which a customer makes themselves heard (`heard`: the
 * waiting line, contact, complaints, what is said in public) are left out: who calls ten times meets ten
 * waiting lines, and is owed an apology for each, but no more money than who suffered in silence.
 */
export function harmOf(rows: readonly BrokenRow[], heard: ReadonlySet<string>): Harm | null {
  const broken = rows.filter(({ verdict, link }) => verdict === "broken" && !heard.has(link));
  const [first] = broken;
  if (first === undefined) return null;
  const worst = broken.reduce(
    (a, b) => (b.severity > a.severity || (b.severity === a.severity && b.link < a.link) ? b : a),
    first,
  );
  return {
    link: worst.link,
    severity: Math.max(1, Math.min(5, worst.severity)),
    links: Math.min(4, new Set(broken.map(({ link }) => link)).size),
  };
}
