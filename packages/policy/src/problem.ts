/** Where in the policy a value stands: keys and list positions from the top. */
export type PolicyPath = readonly (string | number)[];

/** One thing wrong with a policy, in words a person can act on. Lines and columns count from 1. */
export type PolicyError = Placed & {
  /** The file as the caller named it. */
  readonly file: string;
};

export type Placed = {
  readonly line: number;
  readonly column: number;
  /** `pledges.delivery-date.grace`; empty for the file as a whole. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  /** What would put it right. */
  readonly remedy: string;
};

/** A problem before it has a line: the path says which node, `part` which end of it. */
export type Problem = {
  readonly path: PolicyPath;
  readonly part: "key" | "value";
  /** Characters into the text of the node, for expressions. */
  readonly offset?: number;
  readonly found: string;
  readonly expected: string;
  readonly remedy: string;
};

/** Collects problems while reading on, so that one run tells everything that is wrong. */
export type Problems = {
  readonly list: readonly Problem[];
  add(problem: Problem): void;
};

export function collectProblems(): Problems {
  const list: Problem[] = [];
  return { list, add: (problem) => void list.push(problem) };
}

export const pathText = (path: PolicyPath): string => path.join(".");

const shownMax = 60;

/** A value as shown in a message: short, on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value !== null && typeof value === "object") return "a mapping";
  const text = typeof value === "string" ? `"${value}"` : String(value);
  const line = text.replace(/\s+/gu, " ");
  return line.length > shownMax ? `${line.slice(0, shownMax)}…` : line;
}
