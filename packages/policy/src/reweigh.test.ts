import { expect, test } from "vitest";
import { parsePolicy } from "./parse.ts";
import { probePoints, probePolicy, reweighPolicy } from "./reweigh.ts";

const text = `# Where it comes from.
policy: small
links: { queue: { says: the queue, owner: care } }
pledges:
  # Nobody waits long.
  answer: { link: queue, made: { on: contact.completed, key: contactId, value: queueWaitSeconds }, limit: 3m, severity: 2 }
noises:
  post: { link: queue, on: social.mention, severity: 1, shadow: true }
  amends: { link: queue, on: resolution.accepted, credit: -50 }
`;

const compiled = (yaml: string) => {
  const parsed = parsePolicy(yaml);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};

test("a policy gets other points and keeps its rules, its sentences and its comments", () => {
  const changed = reweighPolicy(text, {
    name: "other",
    score: { halfLife: "30d" },
    pledges: { answer: { bySeverity: [1, 2, 3, 4, 5], kept: -7, shadow: false } },
    noises: {
      post: { bySeverity: [9, 9, 9, 9, 9], shadow: false },
      amends: { credit: 0, shadow: true },
    },
    comment: ["Fitted."],
  });
  expect(changed).toContain("# Fitted.");
  expect(changed).toContain("# Nobody waits long.");
  const { name, score, pledges, noises } = compiled(changed);
  expect([name, score.halfLifeMs]).toEqual(["other", 30 * 86_400_000]);
  expect(pledges[0]?.points).toMatchObject({ bySeverity: [0, 1, 2, 3, 4, 5], kept: -7 });
  expect(noises.map(({ id, shadow, credit }) => [id, shadow, credit])).toEqual([
    ["amends", true, 0],
    ["post", false, null],
  ]);
});

test("a policy in shadow weighs nothing, whatever points it is given", () => {
  const [, post] = compiled(text).noises;
  expect([post?.shadow, post?.bySeverity]).toEqual([true, [0, 0, 0, 0, 0, 0]]);
});

test("a probing policy makes every outcome weigh the same, and alerts nobody", () => {
  const { score, pledges, noises } = compiled(probePolicy(text, {}));
  expect(score.alertAt).toBe(100_000);
  expect(pledges[0]?.points).toMatchObject({ kept: -probePoints, overdue: probePoints });
  expect(noises.map(({ credit, bySeverity }) => credit ?? bySeverity[1])).toEqual([
    -probePoints,
    probePoints,
  ]);
});

test("a table of probabilities must rise", () => {
  const table = (second: string): string =>
    `${text}score: { probability: [{ from: 0, perMille: 20 }, ${second}] }\n`;
  expect(parsePolicy(table("{ from: 5, perMille: 30 }")).ok).toBe(true);
  for (const wrong of ["{ from: 0, perMille: 30 }", "{ from: 5, perMille: 10 }"]) {
    const parsed = parsePolicy(table(wrong));
    expect(parsed.ok ? [] : parsed.error.map(({ found }) => found)).toEqual([
      "step 2 below the one before",
    ]);
  }
});
