/** An RFC 9457 answer. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
};

const problems = {
  "bad-request": [400, "The request cannot be read"],
  "unknown-customer": [404, "Nobody is known by this name"],
  "not-found": [404, "There is nothing here"],
  "method-not-allowed": [405, "The desk is for reading"],
  "wrong-host": [421, "This desk does not go by that name"],
  "too-many-followers": [503, "Too many pages follow the changes"],
  "internal-error": [500, "Something is wrong on our side"],
} as const;
export type ProblemKind = keyof typeof problems;

export function problem(kind: ProblemKind, detail: string): Problem {
  const [status, title] = problems[kind];
  return { type: `urn:troth:problem:${kind}`, title, status, detail };
}

export const problemType = "application/problem+json; charset=utf-8";
