/** An RFC 9457 answer. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
};

const titles = {
  "nothing-acceptable": "None of the events can be accepted",
  "bad-request": "The request cannot be read",
  "not-found": "There is nothing here",
  "method-not-allowed": "Events are sent with POST",
  "too-large": "The body is too large",
  "unsupported-media-type": "The content type is not one of ours",
  "too-slow": "The request took too long",
  "too-busy": "More is coming in than can be stored",
  "storage-unavailable": "Events cannot be stored now",
  "internal-error": "Something is wrong on our side",
} as const;
export type ProblemKind = keyof typeof titles;

export const problem = (kind: ProblemKind, status: number, detail: string): Problem => ({
  type: `urn:troth:problem:${kind}`,
  title: titles[kind],
  status,
  detail,
});
