import { isoTime } from "@troth/events";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as schemas from "../../services/desk/src/api/schemas.ts";
import { ask, openStoryDesk } from "../support/desk-server.ts";
import { storyEndsAt } from "../support/desk-story.ts";

const day = 86_400_000;
let desk: Awaited<ReturnType<typeof openStoryDesk>>;
let now = storyEndsAt;
beforeAll(async () => {
  desk = await openStoryDesk({ logTime: () => now }, 20);
});
afterAll(() => desk.close());

let events = 0;
function say(subject: string, kind: string, at: number, data: object): void {
  events += 1;
  now = Math.max(now, at);
  desk.send({
    specversion: "1.0",
    id: `segment-${events}`,
    source: "urn:test:segments",
    type: `org.troth.${kind}.v1`,
    subject,
    time: isoTime(at),
    recordedtime: isoTime(now),
    data,
  });
}
type Said = Parameters<typeof say>;
/** As it would be heard: in order of time. */
const inOrder = (all: readonly Said[]): void => {
  for (const one of [...all].sort((a, b) => a[2] - b[2])) say(...one);
};

/** A customer of a segment who is promised a call within ten days, and gets it or never does. */
function lives(subject: string, segment: string, promised: number, isKept: boolean): Said[] {
  const promiseId = `call-${subject}`;
  const dueUntil = isoTime(promised + 10 * day);
  const called: Said = [subject, "promise.kept", promised + 9 * day, { promiseId }];
  return [
    [subject, "profile.updated", promised - day, { segment }],
    [
      subject,
      "promise.made",
      promised,
      { promiseId, kind: "call-back", madeBy: "representative", dueUntil },
    ],
    ...(isKept ? [called] : []),
  ];
}
const report = async () =>
  schemas.segmentReport
    .strict()
    .parse(JSON.parse((await ask(new URL("/api/reports/segments", desk.url).href)).text));
const segmentIn = (one: Awaited<ReturnType<typeof report>>, name: string) => {
  const found = one.segments.find(({ segment }) => segment === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

test("a segment whose promises came to be kept less is worse, one like before is not", async () => {
  const start = storyEndsAt + 30 * day;
  const all = Array.from({ length: 60 }, (_, n) => {
    const before = start + (n % 20) * day;
    const after = start + (30 + (n % 20)) * day;
    return [
      ...lives(`customer:gold-${n}`, "gold", before, n % 10 !== 0),
      ...lives(`customer:gold-late-${n}`, "gold", after, n % 2 === 0),
      ...lives(`customer:plain-${n}`, "plain", before, n % 10 !== 0),
      ...lives(`customer:plain-late-${n}`, "plain", after, n % 10 !== 0),
    ];
  });
  inOrder(all.flat());
  now = start + 70 * day;
  const told = await report();
  const [gold, plain] = [segmentIn(told, "gold"), segmentIn(told, "plain")];
  expect(gold).toMatchObject({ people: 120, goes: "worse" });
  expect(gold.keptShare).toBeLessThan((gold.keptShareBefore ?? 0) - 0.2);
  expect(plain).toMatchObject({ people: 120, goes: "steady" });
  expect(gold.weeks.length).toBe(12);
  // Promises of a week are counted in it once, whatever was said of them before.
  const settled = gold.weeks.reduce((sum, week) => sum + week.kept + week.broken, 0);
  const rows = desk.views
    .of("default")
    .ranked("risk", "all")
    .filter(({ profile }) => profile.value("segment") === "gold")
    .flatMap(({ register }) => register.rows())
    .filter(({ verdict }) => verdict === "kept" || verdict === "broken");
  expect(rows.length).toBeGreaterThan(110);
  expect(settled).toBe(rows.length);
});

test("counts everybody once, where they belong by now, and with their answers", async () => {
  const before = segmentIn(await report(), "gold");
  say("customer:gold-1", "profile.updated", now, { segment: "platinum" });
  for (const outcome of ["enjoyed", "not_enjoyed"]) {
    say("customer:gold-1", "survey.invited", now, { invitationId: "seg-1" });
    say("customer:gold-1", "survey.answered", now, { invitationId: "seg-1", outcome });
  }
  const after = await report();
  expect(segmentIn(after, "gold").people).toBe(before.people - 1);
  const platinum = segmentIn(after, "platinum");
  expect(platinum.people).toBe(1);
  expect(platinum.weeks.at(-1)).toMatchObject({ enjoyed: 1, notEnjoyed: 0 });
  const people = after.segments.reduce((sum, one) => sum + one.people, 0);
  const known = desk.views.of("default").ranked("risk", "all").length;
  expect(people).toBe(known);
  const atRisk = after.segments.reduce((sum, one) => sum + one.atRisk, 0);
  const levels = ["critical", "high", "medium", "low"] as const;
  const counted = levels.reduce((sum, one) => sum + desk.views.of("default").countAt(one), 0);
  expect(atRisk).toBe(counted);
});
