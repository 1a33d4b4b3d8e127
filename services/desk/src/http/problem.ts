/** An RFC 9457 answer. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
};

const problems = {
  "bad-request": [400, "The request cannot be read"],
  "not-signed-in": [401, "Nobody is signed in"],
  "not-signed": [401, "It is not signed by anybody known here"],
  "not-allowed": [403, "That is not yours to do"],
  "wrong-origin": [403, "Only this desk's own page may do that"],
  "unknown-customer": [404, "Nobody is known by this name"],
  "not-found": [404, "There is nothing here"],
  "method-not-allowed": [405, "This cannot be done here"],
  "not-possible": [409, "It cannot be done as things stand"],
  "too-large": [413, "That is too much at once"],
  "unsupported-media-type": [415, "It is not in a form that is read here"],
  "wrong-host": [421, "This desk does not go by that name"],
  "too-fast": [429, "Too many requests"],
  "too-many-followers": [503, "Too many pages follow the changes"],
  "not-stored": [503, "It could not be stored"],
  "internal-error": [500, "Something is wrong on our side"],
} as const;
export type ProblemKind = keyof typeof problems;

export function problem(kind: ProblemKind, detail: string): Problem {
  const [status, title] = problems[kind];
  return { type: `urn:troth:problem:${kind}`, title, status, detail };
}

export const problemType = "application/problem+json; charset=utf-8";
