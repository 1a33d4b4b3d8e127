/**
 * The fourteen ways Siddhi writes an absence (siddhi-io/siddhi#483), each as promises and noises of
 * a policy, with a definition so small that it can be read: what must hold of the moments at which
 * A, B and C happened. Hours are the unit; S is the beginning, at 0; T and U are spans.
 */
export const T = 3;
export const U = 6;

export type Moments = {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly c: readonly number[];
};

export type Form = {
  readonly siddhi: string;
  /** The `pledges` and `noises` of a policy. */
  readonly rules: string;
  /** What is found by the rules: the moments promises broke, or those of the noises that count. */
  readonly found: (moments: Moments) => readonly number[];
  /** Written as told and what is to be found in it. */
  readonly examples: readonly (readonly [told: string, found: readonly number[]])[];
};

const within = (times: readonly number[], from: number, until: number): boolean =>
  times.some((time) => time >= from && time <= until);
const since = (times: readonly number[], from: number): readonly number[] =>
  times.filter((time) => time >= from);

/** From the first A on; nothing without one. */
const afterFirst = (
  { a }: Moments,
  find: (first: number) => readonly number[],
): readonly number[] => {
  const first = a[0];
  return first === undefined ? [] : find(first);
};

const made = (letter: string, key = "subject"): string =>
  `{ on: contact.completed, where: { reason: ${letter} }, key: ${key} }`;
const any = (letter: string, more = ""): string =>
  `{ on: contact.completed, where: { reason: ${letter} }, by: any${more} }`;
const pledge = (name: string, body: string): string =>
  `pledges: { ${name}: { link: l, severity: 1, ${body} } }`;
const noise = (letter: string, given: string): string =>
  `noises: { then-${letter.toLowerCase()}: { link: l, on: contact.completed, where: { reason: ${letter} }, severity: 1, given: { pledge: ${given}, verdicts: [broken] } } }`;

export const forms: readonly Form[] = [
  {
    siddhi: "A -> not B for t",
    rules: pledge("p", `made: ${made("A")}, due: { after: 3h }, kept: ${any("B")}`),
    found: (m) => afterFirst(m, (a) => (within(m.b, a, a + T) ? [] : [a + T])),
    examples: [
      ["A1", [4]],
      ["A1 B2", []],
      ["A1 B4", []],
      ["A1 B5", [4]],
      ["B1 A2", [5]],
      ["B1", []],
      ["A1 A2 B4", []],
    ],
  },
  {
    siddhi: "A -> not B and C",
    rules: pledge("p", `made: ${made("A")}, due: never, kept: ${any("B")}, broken: ${any("C")}`),
    found: (m) =>
      afterFirst(m, (a) => {
        const c = since(m.c, a)[0];
        return c === undefined || within(m.b, a, c) ? [] : [c];
      }),
    examples: [
      ["A1 C9", [9]],
      ["A1 B2 C3", []],
      ["A1 C2 B3", [2]],
      ["C1 A2", []],
      ["B1 A2 C3", [3]],
      ["A1", []],
    ],
  },
  {
    siddhi: "A -> (not B and C) within t",
    rules: pledge(
      "p",
      `made: ${made("A")}, due: { after: 3h }, kept: ${any("B")}, broken: ${any("C")}, keptBySilence: true`,
    ),
    found: (m) =>
      afterFirst(m, (a) => {
        const c = since(m.c, a)[0];
        return c === undefined || c > a + T || within(m.b, a, c) ? [] : [c];
      }),
    examples: [
      ["A1 C3", [3]],
      ["A1 C4", [4]],
      ["A1 C5", []],
      ["A1 B2 C3", []],
      ["A1", []],
      ["A1 C2 B3", [2]],
    ],
  },
  {
    siddhi: "A -> (not B for t and C) within u",
    rules: pledge(
      "p",
      `made: ${made("A")}, due: { after: 3h }, kept: ${any("B")}, confirm: ${any("C", ", within: 6h")}`,
    ),
    found: (m) =>
      afterFirst(m, (a) => {
        const c = since(m.c, a)[0];
        return c === undefined || c > a + U || within(m.b, a, a + T) ? [] : [Math.max(a + T, c)];
      }),
    examples: [
      ["A1 C2", [4]],
      ["A1 C6", [6]],
      ["A1 C7", [7]],
      ["A1 C8", []],
      ["A1 B2 C6", []],
      ["A1 C5 B6", [5]],
      ["A1", []],
    ],
  },
  {
    siddhi: "not A for t -> B",
    rules: `${pledge("p", `made: ${made("S")}, due: { after: 3h }, kept: ${any("A")}`)}\n${noise("B", "p")}`,
    found: (m) => (within(m.a, 0, T) ? [] : since(m.b, T)),
    examples: [
      ["B4", [4]],
      ["B3", [3]],
      ["B2", []],
      ["A1 B4", []],
      ["A4 B5", [5]],
      ["B2 B5 B6", [5, 6]],
    ],
  },
  {
    siddhi: "not A and B -> C",
    rules: `${pledge("p", `made: ${made("S")}, due: never, kept: ${any("A")}, broken: ${any("B")}`)}\n${noise("C", "p")}`,
    found: (m) => {
      const b = m.b[0];
      return b === undefined || within(m.a, 0, b) ? [] : since(m.c, b);
    },
    examples: [
      ["B2 C5", [5]],
      ["A1 B2 C5", []],
      ["B2 A3 C5", [5]],
      ["C1 B2", []],
      ["C5", []],
    ],
  },
  {
    siddhi: "every (not B and A) -> C",
    rules: `${pledge("p", `made: ${made("A", "id")}, due: { after: 0s }, kept: ${any("B", ", lookBack: 30d")}`)}\n${noise("C", "p")}`,
    found: (m) => {
      const first = m.a.find((a) => !within(m.b, 0, a));
      return first === undefined ? [] : since(m.c, first);
    },
    examples: [
      ["A1 C2", [2]],
      ["B1 A2 C3", []],
      ["A1 B2 A3 C4", [4]],
      ["C1 A2", []],
      ["A1 C2 A3 C4", [2, 4]],
    ],
  },
  {
    siddhi: "every (not B for t) -> C",
    rules: `${pledge("p", `made: [${made("S", "id")}, ${made("B", "id")}], due: { after: 3h }, kept: ${any("B")}`)}\n${noise("C", "p")}`,
    found: (m) => {
      const silent = [...(within(m.b, 0, T) ? [] : [T])];
      m.b.forEach((from, own) => {
        const others = m.b.filter((_, place) => place !== own);
        if (!within(others, from, from + T)) silent.push(from + T);
      });
      return silent.length === 0 ? [] : since(m.c, Math.min(...silent));
    },
    examples: [
      ["C4", [4]],
      ["C2", []],
      ["B2 C4", []],
      ["B2 C6", [6]],
      ["B2 B4 C6", []],
      ["B2 B4 C7", [7]],
      ["B2 B9 C9", [9]],
    ],
  },
  {
    siddhi: "A -> not B for t and not C for t",
    rules: pledge("p", `made: ${made("A")}, due: { after: 3h }, kept: [${any("B")}, ${any("C")}]`),
    found: (m) =>
      afterFirst(m, (a) => (within(m.b, a, a + T) || within(m.c, a, a + T) ? [] : [a + T])),
    examples: [
      ["A1", [4]],
      ["A1 B2", []],
      ["A1 C2", []],
      ["A1 B2 C3", []],
      ["A1 B5 C6", [4]],
    ],
  },
  {
    siddhi: "not A for t and not B for t -> C",
    rules: `${pledge("p", `made: ${made("S")}, due: { after: 3h }, kept: [${any("A")}, ${any("B")}]`)}\n${noise("C", "p")}`,
    found: (m) => (within(m.a, 0, T) || within(m.b, 0, T) ? [] : since(m.c, T)),
    examples: [
      ["C4", [4]],
      ["A1 C4", []],
      ["B1 C4", []],
      ["A4 B5 C6", [6]],
      ["C2", []],
    ],
  },
  {
    siddhi: "A -> not B for t or not C for t",
    rules: pledge(
      "p",
      `made: ${made("A")}, due: { after: 3h }, kept: [${any("B")}, ${any("C")}], keptNeeds: all`,
    ),
    found: (m) =>
      afterFirst(m, (a) => (within(m.b, a, a + T) && within(m.c, a, a + T) ? [] : [a + T])),
    examples: [
      ["A1", [4]],
      ["A1 B2", [4]],
      ["A1 C2", [4]],
      ["A1 B2 C3", []],
      ["A1 B2 C5", [4]],
    ],
  },
  {
    siddhi: "not A for t or not B for t -> C",
    rules: `${pledge("p", `made: ${made("S")}, due: { after: 3h }, kept: [${any("A")}, ${any("B")}], keptNeeds: all`)}\n${noise("C", "p")}`,
    found: (m) => (within(m.a, 0, T) && within(m.b, 0, T) ? [] : since(m.c, T)),
    examples: [
      ["C4", [4]],
      ["A1 C4", [4]],
      ["A1 B2 C4", []],
      ["A1 B5 C6", [6]],
      ["C2", []],
    ],
  },
  {
    // A C after B still satisfies the or, so it is a noise of its own, given that there was an A.
    siddhi: "A -> not B for t or C",
    rules: `pledges:
  p: { link: l, severity: 1, made: ${made("A")}, due: { after: 3h }, kept: ${any("B")} }
  begun: { link: l, severity: 1, made: ${made("A")}, due: never, kept: ${any("none")} }
noises:
  then-c: { link: l, on: contact.completed, where: { reason: C }, severity: 1, given: { pledge: begun, verdicts: [open] } }`,
    found: (m) =>
      afterFirst(m, (a) => [...(within(m.b, a, a + T) ? [] : [a + T]), ...since(m.c, a)]),
    examples: [
      ["A1", [4]],
      ["A1 B2", []],
      ["A1 C2", [2, 4]],
      ["A1 B2 C3", [3]],
      ["C1 A2 B3", []],
    ],
  },
  {
    siddhi: "not A for t or B -> C",
    rules: `pledges:
  p: { link: l, severity: 1, made: ${made("S")}, due: { after: 3h }, kept: ${any("A")} }
  q: { link: l, severity: 1, made: ${made("S")}, due: never, kept: ${any("none")}, broken: ${any("B")} }
noises:
  then-c: { link: l, on: contact.completed, where: { reason: C }, severity: 1, given: { pledge: p, verdicts: [broken] } }
  also-c: { link: l, on: contact.completed, where: { reason: C }, severity: 1, given: { pledge: q, verdicts: [broken] } }`,
    found: (m) => {
      const from = Math.min(within(m.a, 0, T) ? Number.POSITIVE_INFINITY : T, ...m.b);
      return since(m.c, from);
    },
    examples: [
      ["C4", [4]],
      ["A1 C4", []],
      ["A1 B2 C4", [4]],
      ["B1 C2", [2]],
      ["C1 B2", []],
      ["A1 C2 B3 C4", [4]],
    ],
  },
];

export const policyFor = (form: Form): string =>
  `policy: absence\nlinks: { l: { says: l, owner: o } }\n${form.rules}\n`;
/** Whether what is found are noises that count, or promises that broke (or, for one form, both). */
export const findsNoises = (form: Form): boolean => form.rules.includes("noises:");
export const findsBreaks = (form: Form): boolean =>
  !findsNoises(form) || form.siddhi === "A -> not B for t or C";
