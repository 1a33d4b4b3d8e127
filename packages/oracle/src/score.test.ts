import { createHash } from "node:crypto";
import { pseudonym } from "@troth/events";
import { expect, test } from "vitest";
import { d, delivered, diary, fact, judged, noise, placed, pledge, policy } from "./in-code.ts";

const without = (lines: readonly string[], word: string): string[] =>
  lines.filter((line) => !line.includes(word));
const credit = { bySeverity: [0, 100, 200, 400, 600, 1000], atRisk: 50, overdue: 0 };

test("one parcel never delivered flags, alerts, turns critical and fades after it came", () => {
  const facts = [placed("1", d(0), d(10)), delivered("2", d(18))];
  const { decisions } = judged(facts, policy(), d(40));
  // A day is 6.4 steps of decay: 70 after 11 days, 115 after 18, 134 after 21; 1000 * 2^(-s/64).
  expect(without(diary(decisions), "date/A")).toEqual([
    "10: flag medium 400",
    "13: flag high 600",
    "13: alert opened compound 600",
    "17: flag critical 1000",
    "17: alert amended critical 1000",
    "29: flag medium 468",
    "29: alert amended compound 468",
    "36: alert recovered compound 287",
    "39: flag low 234",
  ]);
});

test("several noises below every threshold raise one alert whose parts add up", () => {
  const by = policy({
    noises: [noise("contact.completed", { steps: [{ over: 0, severity: 2 }] })],
  });
  const calls = ["a", "b", "c"].map((id, i) => fact("contact.completed", id, d(i)));
  const { decisions } = judged(calls, by);
  const alert = decisions.find((one) => one.kind === "alert");
  // 200 after two days is trunc(200 * 2^(-12/64)) = 175, after one trunc(200 * 2^(-6/64)) = 187.
  expect(diary(decisions)).toEqual(["0: flag low 200", "1: flag medium 387"]);
  expect(alert).toBeUndefined();
  const fourth = judged([...calls, fact("contact.completed", "d", d(2))], by).decisions;
  const opened = fourth.find((one) => one.kind === "alert");
  expect(opened).toMatchObject({ state: "opened", rule: "compound", score: 762, level: "high" });
  expect(opened).toMatchObject({ says: "Noise c. It is one of 4 things that add up." });
  expect(opened?.kind === "alert" && opened.parts.map((part) => [part.id, part.points])).toEqual([
    ["noise-contact.completed/c", 200],
    ["noise-contact.completed/d", 200],
    ["noise-contact.completed/b", 187],
    ["noise-contact.completed/a", 175],
  ]);
  const key = pseudonym("default", "customer:1", "test");
  const name = ["default", "compound", key, "noise-contact.completed/c", String(d(2))].join("\0");
  const alertId = createHash("sha256").update(name).digest("hex").slice(0, 24);
  expect(opened).toMatchObject({ alertId, revision: 1, operatedBy: "inhouse" });
});

test("kept promises are credit, and a customer of credit alone is still shown", () => {
  const points = { ...credit, renegotiated: 0, kept: -40 };
  const by = policy({ pledges: [pledge({ points })] });
  const { flags, decisions } = judged([placed("1", d(0), d(9)), delivered("2", d(5))], by, d(15));
  expect(without(diary(decisions), "date/A")).toEqual([]);
  expect(flags).toHaveLength(1);
  expect(flags[0]).toMatchObject({ at: d(15), level: "none", score: -20, topLink: null, says: "" });
  expect(flags[0]?.parts).toMatchObject([{ id: "date/A#1", points: -20, severity: 0 }]);
});

test("a survey takes the score of its moment, and nothing recorded later moves it", () => {
  const invited = fact("survey.invited", "9", d(11), { invitationId: "i", askProbability: 0.25 });
  const before = [placed("1", d(0), d(10)), invited];
  const poisoned = [...before, { ...delivered("2", d(9)), recordedTime: d(12) }];
  for (const facts of [before, poisoned]) {
    const survey = judged(facts).decisions.find((one) => one.kind === "survey");
    expect(survey).toEqual({
      kind: "survey",
      at: d(11),
      customer: "customer:1",
      subject: "customer:1",
      invitationId: "i",
      riskScore: 400,
      level: "medium",
      alerted: false,
      topLink: "delivery",
      weight: 4,
      rules: ["date"],
      shadow: [],
      parts: [
        {
          id: "date/A#1",
          rule: "date",
          link: "delivery",
          owner: "logistics",
          points: 400,
          severity: 3,
          evidence: ["1"],
          says: "A is 1 days late.",
        },
      ],
      segment: null,
      region: null,
      policy: "0123456789abcdef",
    });
  }
});

test("an alert whose every cause was an error is withdrawn, not recovered", () => {
  const missed = placed("1", d(0), d(10));
  const late = { ...delivered("2", d(9)), recordedTime: d(14) };
  const lines = diary(judged([missed, late]).decisions);
  expect(lines.slice(-3)).toEqual([
    "14: date/A#1 kept at 9 kept 9",
    "14: flag none 0",
    "14: alert withdrawn compound 0",
  ]);
});

test("an open alert is acknowledged once, by its own name", () => {
  const broken = placed("1", d(0), d(10));
  const opened = judged([broken], policy(), d(13)).decisions.find((one) => one.kind === "alert");
  const alertId = opened?.kind === "alert" ? opened.alertId : "";
  const answer = (id: string, alert: string) =>
    fact("alert.acknowledged", id, d(14), { alertId: alert });
  const facts = [broken, answer("2", "other"), answer("3", alertId), answer("4", alertId)];
  const alerts = judged(facts).decisions.filter((one) => one.kind === "alert");
  expect(alerts.map((one) => [one.state, one.revision])).toEqual([
    ["opened", 1],
    ["acknowledged", 2],
  ]);
});

test("some noise counts only while a promise stands broken since before it", () => {
  const given = { template: 0, verdicts: ["broken"] } as const;
  const by = policy({ noises: [noise("contact.completed", { given })] });
  const call = (id: string, time: number) => fact("contact.completed", id, time);
  const facts = [placed("1", d(0), d(10)), call("early", d(9)), call("late", d(11))];
  expect(judged(facts, by).flags[0]?.parts.map((part) => [part.id, part.points])).toEqual([
    ["date/A#1", 400],
    ["noise-contact.completed/late", 100],
  ]);
});

test("noise below its first step is none, and a variant scales it", () => {
  const vip = {
    applies: (profile: { segment: string | null }) => profile.segment === "vip",
    pointsPerMille: 1500,
  };
  const steps = [
    { over: 10, severity: 1 },
    { over: 30, severity: 2 },
  ];
  const by = policy({ noises: [noise("contact.completed", { steps, variants: [vip] })] });
  const wait = (id: string, time: number, amount: number) =>
    fact("contact.completed", id, time, { amount });
  const facts = [
    wait("a", d(0), 30),
    fact("profile.updated", "p", d(0) + 1, { segment: "vip" }),
    wait("b", d(0) + 2, 10),
    wait("c", d(0) + 3, 9),
  ];
  expect(judged(facts, by).flags[0]?.parts.map((part) => [part.id, part.points])).toEqual([
    ["noise-contact.completed/a", 200],
    ["noise-contact.completed/b", 150],
  ]);
});

test("a break not mended keeps its points for as long as the policy says, then fades", () => {
  const steps = [{ over: 0, severity: 3 }];
  const by = policy({ pledges: [pledge({ steps })] });
  const score = (until: number) => judged([placed("1", d(0), d(10))], by, until).flags[0]?.score;
  expect([score(d(100)), score(d(110))]).toEqual([400, 200]);
});

test("advice is given for the rules that have points, if it suits the customer", () => {
  const advice = [
    { id: "a", rules: ["date"], applies: null, do: ["Say sorry."], dont: ["Do not upsell."] },
    { id: "b", rules: ["other"], applies: null, do: ["Nothing."], dont: [] },
    { id: "c", rules: ["date"], applies: () => false, do: ["Never."], dont: [] },
  ];
  const { flags } = judged([placed("1", d(0), d(10))], policy({ advice }), d(12));
  expect(flags[0]).toMatchObject({
    says: "A is 2 days late.",
    do: ["Say sorry."],
    dont: ["Do not upsell."],
    topLink: "delivery",
  });
});
