import { describe, expect, it } from "vitest";
import { parsePolicy } from "./parse.ts";
import type { PolicyError } from "./problem.ts";

/** A small policy that is right; each test breaks one line of it. */
const right = `policy: small
zone: Europe/Berlin
calendars:
  office: { zone: Europe/Berlin, hours: { mon-fri: "09:00-17:00" } }
links:
  delivery: { says: delivery, owner: logistics, operatedBy: outsourced }
sources:
  carrier: { match: "urn:carrier:*", owner: logistics, silentAfter: 30m }
pledges:
  delivery-date:
    link: delivery
    made: { on: order.placed, key: orderNumber, due: expectedArrivalUntil }
    source: carrier
    grace: 5m
    kept: { on: delivery.status, where: { deliveryStatus: Delivered }, at: deliveredAt }
    severity: { late: [{ over: 0s, is: 3 }, { over: 3d, is: 4 }] }
    says: { broken: "Promised for {due}, {late} late." }
noises:
  long-queue:
    link: delivery
    on: contact.completed
    when: data.queueWaitSeconds > 60
    value: queueWaitSeconds
    severity: [{ over: 2m, is: 1 }]
advice:
  hurry: { when: { rules: [delivery-date] }, do: [Hurry.] }
`;

function errorsOf(text: string): readonly PolicyError[] {
  const result = parsePolicy(text);
  return result.ok ? [] : result.error;
}

/** Breaks the policy by replacing text and gives the errors with the line put in words. */
function broken(from: string, to: string): readonly PolicyError[] {
  expect(right).toContain(from);
  return errorsOf(right.replace(from, to));
}

const startingWith = (text: string): RegExp =>
  new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&")}`, "u");

const places = (errors: readonly PolicyError[]): readonly string[] =>
  errors.map(({ line, column, path }) => `${line}:${column} ${path}`);

describe("a policy that is right", () => {
  const compiled = parsePolicy(right);

  it("compiles, with readers for every kind it reads", () => {
    expect(compiled.ok).toBe(true);
    if (!compiled.ok) return;
    const { readers, pledges, noises } = compiled.value;
    expect([...readers.keys()].sort()).toEqual([
      "contact.completed",
      "delivery.status",
      "order.placed",
    ]);
    expect(readers.get("order.placed")?.made[0]?.template).toBe(pledges[0]);
    expect(readers.get("delivery.status")?.slots).toMatchObject([{ role: "kept", number: 0 }]);
    expect(readers.get("contact.completed")?.noises).toEqual(noises);
  });

  it("has the same hash whatever its comments, order and ways of writing", () => {
    if (!compiled.ok) return;
    const { hash } = compiled.value;
    expect(hash).toMatch(/^[0-9a-f]{16}$/u);
    const same = (text: string): void => {
      const other = parsePolicy(text);
      expect(other.ok && other.value.hash).toBe(hash);
    };
    same(`# a comment\n${right}`);
    same(right.replace("grace: 5m", "grace: PT300S"));
    same(right.replace("on: order.placed", "on: [order.placed]"));
    same(`${right.replace("policy: small\n", "")}policy: small\n`);
    same(right.replaceAll("\n", "\r\n"));
    const other = parsePolicy(right.replace("grace: 5m", "grace: 6m"));
    expect(other.ok && other.value.hash).not.toBe(hash);
  });
});

describe("what links are held to", () => {
  const held = right.replace("owner: ", "objective: { target: 0.95 }, owner: ");
  const withObjective = `${held}segments: [consumer, vip]\n`;

  it("is read with its window, and changes nothing by which customers are judged", () => {
    expect(held).not.toBe(right);
    const [plain, objective] = [parsePolicy(right), parsePolicy(withObjective)];
    if (!plain.ok || !objective.ok) throw new Error("does not parse");
    expect(objective.value.objectives).toMatchObject([
      { link: { id: "delivery" }, target: 0.95, windowMs: 30 * 86_400_000 },
    ]);
    expect(objective.value.segments).toEqual(["consumer", "vip"]);
    expect(objective.value.hash).toBe(plain.value.hash);
    expect(plain.value.objectives).toEqual([]);
  });

  it("is refused where no promise could miss it, and outside of what can be measured", () => {
    const idle = withObjective.replace(
      "links:\n",
      "links:\n  idle: { says: idle, owner: nobody, objective: { target: 0.9 } }\n",
    );
    expect(errorsOf(idle)).toMatchObject([{ path: "links.idle.objective" }]);
    for (const wrong of ["{ target: 1 }", "{ target: 0.95, window: 1d }", "{ window: 30d }"]) {
      const text = withObjective.replace("{ target: 0.95 }", wrong);
      expect(errorsOf(text).length, wrong).toBeGreaterThan(0);
    }
  });
});

describe("every mistake is told with its line and column", () => {
  it.each<
    [
      name: string,
      from: string,
      to: string,
      place: string,
      caret: string,
      words: Partial<PolicyError>,
    ]
  >([
    [
      "an unknown key",
      "grace: 5m",
      "graace: 5m",
      "14 pledges.delivery-date.graace",
      "graace",
      { found: "the key `graace`", remedy: "did you mean `grace`?" },
    ],
    [
      "an unknown section",
      "noises:",
      "noise:",
      "18 noise",
      "noise:",
      { remedy: "did you mean `noises`?" },
    ],
    [
      "a bad duration",
      "5m",
      "5 minutes",
      "14 pledges.delivery-date.grace",
      "5 minutes",
      { expected: "a duration" },
    ],
    [
      "a number out of range",
      "is: 4",
      "is: 9",
      "16 pledges.delivery-date.severity.late.1.is",
      "9",
      { expected: "at most 5" },
    ],
    [
      "a word of a closed list",
      "outsourced }",
      "outsorced }",
      "6 links.delivery.operatedBy",
      "outsorced",
      { remedy: "did you mean `outsourced`?" },
    ],
    [
      "a missing key",
      "    link: delivery\n    made",
      "    made",
      "10 pledges.delivery-date.link",
      "delivery-date:",
      { remedy: "add `link`" },
    ],
    [
      "an unknown link",
      "    link: delivery\n    made",
      "    link: delivry\n    made",
      "11 pledges.delivery-date.link",
      "delivry",
      { found: '"delivry"', remedy: "did you mean `delivery`?" },
    ],
    [
      "an unknown kind",
      "on: order.placed",
      "on: order.plced",
      "12 pledges.delivery-date.made.0.on.0",
      "order.plced",
      { remedy: "did you mean `order.placed`?" },
    ],
    [
      "a field the kind does not have",
      "due: expectedArrivalUntil",
      "due: expectedArivalUntil",
      "12 pledges.delivery-date.made.0.due.0",
      "expectedArivalUntil",
      { expected: "a field of order.placed" },
    ],
    [
      "a field that is no moment",
      "due: expectedArrivalUntil",
      "due: category",
      "12 pledges.delivery-date.made.0.due.0",
      "category",
      { expected: "a field that is a moment" },
    ],
    [
      "a tested field the kind does not have",
      "deliveryStatus: Delivered",
      "deliverStatus: Delivered",
      "15 pledges.delivery-date.kept.0.where.deliverStatus",
      "deliverStatus:",
      { remedy: "did you mean `deliveryStatus`?" },
    ],
    [
      "a word the field never holds",
      "Delivered }",
      "Deliverd }",
      "15 pledges.delivery-date.kept.0.where.deliveryStatus",
      "Deliverd",
      { remedy: "did you mean `Delivered`?" },
    ],
    [
      "steps that do not rise",
      "over: 3d",
      "over: 0s",
      "16 pledges.delivery-date.severity.late.1.over",
      "0s, is: 4",
      { expected: "more than the step before" },
    ],
    [
      "steps that do not begin at nothing",
      "over: 0s",
      "over: 1s",
      "16 pledges.delivery-date.severity.late.0.over",
      "1s",
      { expected: "0" },
    ],
    [
      "a gap that does not exist",
      "{late} late",
      "{latte} late",
      "17 pledges.delivery-date.says.broken",
      "{latte}",
      { found: "the gap {latte}" },
    ],
    [
      "CEL that cannot be read",
      "data.queueWaitSeconds > 60",
      "data.queueWaitSeconds > > 60",
      "22 noises.long-queue.when",
      "> 60",
      { found: "Unexpected token: GT" },
    ],
    [
      "CEL that never type-checks",
      "data.queueWaitSeconds > 60",
      "data.queueWaitSecond > 60",
      "22 noises.long-queue.when",
      "queueWaitSecond ",
      { remedy: "did you mean `queueWaitSeconds`?" },
    ],
    [
      "a threshold in another measure",
      "over: 2m",
      "over: 120",
      "24 noises.long-queue.severity.0.over",
      "120",
      { found: "120" },
    ],
    [
      "an unknown rule",
      "[delivery-date]",
      "[delivery]",
      "26 advice.hurry.when.rules.0",
      "delivery]",
      { remedy: "did you mean `delivery-date`?" },
    ],
    [
      "an unknown source",
      "source: carrier",
      "source: carier",
      "13 pledges.delivery-date.source",
      "carier",
      { remedy: "did you mean `carrier`?" },
    ],
    [
      "an unknown zone",
      "zone: Europe/Berlin\ncal",
      "zone: Europe/Berlinn\ncal",
      "2 zone",
      "Europe/Berlinn",
      { expected: "an IANA time zone" },
    ],
    [
      "a bad calendar",
      "mon-fri:",
      "mo-fr:",
      "4 calendars.office.hours.mo-fr",
      "mo-fr:",
      { expected: "days of the week" },
    ],
    [
      "a bad name",
      "  hurry:",
      "  Hurry:",
      "26 advice.Hurry",
      "Hurry:",
      { expected: "a name such as delivery-date" },
    ],
    [
      "a key twice",
      "    grace: 5m\n",
      "    grace: 5m\n    grace: 6m\n",
      "15 pledges.delivery-date.grace",
      "grace: 6m",
      { expected: "each key once" },
    ],
    [
      "an alias",
      "grace: 5m",
      "grace: *five",
      "14 pledges.delivery-date.grace",
      "*five",
      { found: "the alias *five" },
    ],
    ["broken YAML", 'says: { broken: "Promised', 'says: { broken: Promised"', "17 ", "{due}", {}],
    [
      "a pledge that nothing keeps",
      "    kept: { on: delivery.status, where: { deliveryStatus: Delivered }, at: deliveredAt }\n",
      "",
      "10 pledges.delivery-date",
      "delivery-date:",
      { found: "a pledge that nothing keeps" },
    ],
    [
      "a stated moment nobody states",
      ", due: expectedArrivalUntil",
      "",
      "10 pledges.delivery-date.due",
      "delivery-date:",
      { found: "a stated moment nobody states" },
    ],
    [
      "facts that cannot be told apart",
      "kept: { on: delivery.status, where: { deliveryStatus: Delivered }, at: deliveredAt }",
      "kept: { on: survey.answered, at: answeredAt, by: { tag: outcome } }",
      "15 pledges.delivery-date.kept.0.by",
      "{ tag",
      { found: "a tag" },
    ],
    [
      "a noise that weighs nothing",
      "    severity: [{ over: 2m, is: 1 }]\n",
      "",
      "19 noises.long-queue",
      "long-queue:",
      { found: "neither severity nor credit" },
    ],
    [
      "steps of nothing",
      "    value: queueWaitSeconds\n",
      "",
      "19 noises.long-queue",
      "long-queue:",
      { found: "steps without a value" },
    ],
    [
      "touches on what names somebody",
      "    value: queue",
      "    touches: [region]\n    value: queue",
      "23 noises.long-queue.touches",
      "touches:",
      { found: "touches on contact.completed" },
    ],
  ])("%s", (_, from, to, place, caret, words) => {
    expect(right).toContain(from);
    const text = right.replace(from, to);
    const errors = errorsOf(text);
    const error = errors.find(({ line, path }) => `${line} ${path}` === place);
    expect(errors.map(({ line, path }) => `${line} ${path}`)).toContain(place);
    expect(error).toMatchObject(words);
    expect(error?.remedy).not.toBe("");
    const line = text.split("\n")[(error?.line ?? 1) - 1] ?? "";
    expect(line.slice((error?.column ?? 1) - 1)).toMatch(caret === "" ? /^/u : startingWith(caret));
  });

  it("tells all of them in one run, one for each mistake and in order of lines", () => {
    const worst = right
      .replace("grace: 5m", "graace: 5m")
      .replace("order.placed", "order.plced")
      .replace("is: 4", "is: 9")
      .replace("{late}", "{latte}")
      .replace("queueWaitSeconds > 60", "queueWait > 60")
      .replace("[delivery-date]", "[nobody]");
    expect(errorsOf(worst).map(({ line }) => line)).toEqual([12, 14, 16, 17, 22, 26]);
  });

  it("does not hold a refused part against the rest of its rule", () => {
    expect(places(broken("kept: {", "kept: { onn: x, "))).toEqual([
      "15:13 pledges.delivery-date.kept.onn",
    ]);
    const [only, ...more] = broken(
      "due: expectedArrivalUntil }",
      "due: expectedArrivalUntil }\n    due: { afterr: 2d }",
    );
    expect(more).toEqual([]);
    expect(only?.remedy).toBe("did you mean `after`?");
  });

  it("finds the column inside block and quoted expressions", () => {
    const block = broken(
      "when: data.queueWaitSeconds > 60",
      'when: >-\n      data.queueWaitSeconds > 60 &&\n      data.raeson == "x"',
    );
    expect(places(block)).toEqual(["24:12 noises.long-queue.when"]);
    const quoted = broken("when: data.queueWaitSeconds > 60", "when: 'data.raeson == \"x\"'");
    expect(places(quoted)).toEqual(["22:17 noises.long-queue.when"]);
  });
});

describe("rules that do not hang together are refused", () => {
  const pledge = (body: string): readonly string[] =>
    errorsOf(`policy: p
links: { a: { says: a, owner: a } }
pledges:
  p:
    link: a
${body
  .trim()
  .split("\n")
  .map((line) => `    ${line.trim()}`)
  .join("\n")}
`).map(({ found }) => found);

  it.each([
    [
      "a limit without a value",
      "made: { on: order.placed, key: id }\nlimit: 3m",
      "limit without a value",
    ],
    [
      "a comparison of unlike things",
      "made: { on: promise.made, key: dealRef, value: amount }\ndue: never\nkept: { on: billing.issued, value: billDate, key: dealRef }\ncompare: at-most",
      "money against instant",
    ],
    [
      "silence that nothing can break",
      "made: { on: order.placed, key: id }\ndue: { after: 1d }\nkeptBySilence: true",
      "silence that nothing ends",
    ],
    [
      "working days without a calendar",
      "made: { on: order.placed, key: id }\ndue: { after: 2 business days }\nverifiable: false",
      "working time without a calendar",
    ],
    [
      "two ways at once",
      'made: { on: order.placed, key: id }\ndue: { after: 2d, at: "18:00" }\nverifiable: false',
      "more than one way to work it out",
    ],
    [
      "a moment needed from nothing",
      "made: { on: order.placed, key: id }\ndue: needed\nverifiable: false",
      "needed",
    ],
    [
      "facts that name no pledge",
      "made: { on: order.placed, key: id }\ndue: { after: 2d }\nkept: { on: delivery.status }",
      'facts without the field "id"',
    ],
    [
      "steps that would mean two things",
      "made: { on: promise.made, key: dealRef, value: amount, due: dueUntil }\nkept: { on: billing.issued, value: amountDue, key: dealRef }\ncompare: at-most\nseverity: { over: [{ over: 0, is: 2 }, { over: 5, is: 3 }] }",
      "steps of money on a pledge that can be late",
    ],
    [
      "resuming without pausing",
      "made: { on: order.placed, key: orderNumber }\ndue: { after: 2d }\nverifiable: false\nresumed: { on: delivery.status }",
      "resumed without paused",
    ],
    [
      "looking back for facts found by key",
      "made: { on: order.placed, key: orderNumber }\ndue: { after: 2d }\nkept: { on: delivery.status, lookBack: 2d }",
      "lookBack on facts found by key",
    ],
  ])("%s", (_, body, found) => {
    expect(pledge(body)).toEqual([found]);
  });
});

describe("hostile files", () => {
  it.each([
    ["nothing", ""],
    ["only a comment", "# nothing"],
    ["a list", "- a"],
    ["too large", "a".repeat(300_000)],
    ["too many brackets", "[".repeat(100_000)],
    ["too many dashes", "- ".repeat(50_000)],
    ["a bomb of aliases", "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]"],
    ["tags", "policy: !!js/function 'x'"],
    ["two documents", "policy: a\n---\npolicy: b"],
    ["keys that are no words", "? [a]\n: b\n1: x"],
    ["a merge", "a: { <<: { b: 1 } }"],
    ["numbers that are none", "score: { alertAt: .inf, halfLife: .nan }"],
    ["a NUL", "policy: \u0000"],
  ])("%s is refused, not thrown on", (_, text) => {
    const errors = errorsOf(text);
    expect(errors.length).toBeGreaterThan(0);
    for (const { line, column } of errors) {
      expect(line).toBeGreaterThanOrEqual(1);
      expect(column).toBeGreaterThanOrEqual(1);
    }
  });

  it("cannot reach the prototype of anything", () => {
    const before = JSON.stringify(Object.getOwnPropertyNames(Object.prototype).sort());
    const errors = errorsOf(
      `${right}\n__proto__: { polluted: true }\nconstructor: { prototype: { polluted: true } }\n`,
    );
    expect(errors.map(({ found }) => found)).toEqual(["__proto__", "constructor"]);
    expect(
      errorsOf(right.replace("links:\n", "links:\n  __proto__: { says: x, owner: x }\n")).length,
    ).toBe(1);
    expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype).sort())).toBe(before);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
});
