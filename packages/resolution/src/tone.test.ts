import type { Fact } from "@troth/events";
import type { Candidate, Resolutions } from "@troth/policy";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { featuresOf, type Situation } from "./features.ts";
import { OutcomeModel } from "./outcome-model.ts";
import { recommend } from "./recommend.ts";
import { mannerOf, type Tone, toneNoteOf, tones } from "./tone.ts";

const fact = (data: Fact["data"], kind: Fact["kind"] = "social.mention"): Fact => ({
  id: "post-1",
  source: "urn:test",
  kind,
  tenant: "default",
  time: 1_000,
  recordedTime: 1_000,
  subject: "customer:1",
  data,
});
const emotion = (category: string, confidence = 0.9) => ({
  emotion: { vocabulary: "everyday-categories", category, confidence },
});

describe("how somebody sounds", () => {
  test("is read from the emotion their own post was found to show, else from how it leans", () => {
    expect(toneNoteOf(fact(emotion("angry")))?.tone).toBe("angry");
    expect(toneNoteOf(fact(emotion("fear")))?.tone).toBe("worried");
    const sentiment = (score: number) => ({ sentiment: { score, model: "vader-sentiment 1.1.3" } });
    expect(toneNoteOf(fact(sentiment(-0.6)))?.tone).toBe("unhappy");
    expect(toneNoteOf(fact(sentiment(0.6)))?.tone).toBe("pleased");
    expect(toneNoteOf(fact(sentiment(0.04)))).toBeNull();
    expect(toneNoteOf(fact({ ...sentiment(-0.6), ...emotion("angry", 0.3) }))?.tone).toBe(
      "unhappy",
    );
    expect(toneNoteOf(fact(emotion("bored")))).toBeNull();
    expect(toneNoteOf(fact({}))).toBeNull();
  });

  test("is never read from a contact, in which somebody of the staff spoke too", () => {
    for (const kind of ["contact.completed", "survey.answered", "complaint.raised"] as const) {
      const data = { ...emotion("angry"), sentiment: { score: -1 }, courtesyScore: 0 };
      expect(toneNoteOf(fact(data, kind))).toBeNull();
    }
  });

  test("asks for no call with whoever wants none", () => {
    for (const tone of tones) {
      for (const contact of ["digital", "none"]) {
        expect(mannerOf(tone, { contact }).join()).not.toMatch(/Call rather/);
      }
    }
    expect(mannerOf("angry", { contact: "human" }).join()).toMatch(/Say sorry.*Call rather/);
  });
});

const candidate = (id: string, kind: Candidate["kind"], amount = 0): Candidate => ({
  id,
  kind,
  says: id,
  ledger: "goodwill",
  amount,
  links: null,
  fromSeverity: 1,
  unlessContact: [],
});
const resolutions: Resolutions = {
  currency: "EUR",
  fund: { amount: 1_000_000, everyMs: 30 * 86_400_000 },
  heard: [],
  worthOfMoney: 0.02,
  abstainAbove: 3,
  explore: 0.2,
  candidates: [
    candidate("apology", "apology"),
    candidate("call-back", "call-back"),
    candidate("large-credit", "credit", 250_000),
    candidate("small-credit", "credit", 100_000),
  ],
};
/** Sure of itself at once, so that the tone has its say. */
const wide = { ...resolutions, abstainAbove: 6 };
const ways = resolutions.candidates.map(({ id }) => id);
const situation = (more: Partial<Situation["harm"]> = {}): Situation => ({
  harm: { link: "delivery", severity: 3, links: 1, ...more },
  who: { segment: null, contact: null, pace: null, price: null },
});

type Case = { readonly way: string; readonly tone: Tone | null; readonly answer: number };
/** Two models that saw the same outcomes, one of them without hearing anything. */
function models(cases: readonly Case[]) {
  const [deaf, hearing] = [new OutcomeModel(), new OutcomeModel()];
  for (const { way, tone, answer } of cases) {
    deaf.learn(way, featuresOf(way, situation()), answer);
    hearing.learn(way, featuresOf(way, situation(), tone), answer);
  }
  return { deaf, hearing };
}

/** A world in which each way does as well for each tone as it happens to, seen often enough to be sure. */
const anyWorld = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 24, maxLength: 24 });
const heardIn = [null, ...tones];
const casesOf = (answers: readonly number[], howMany: number): readonly Case[] =>
  Array.from({ length: howMany }, (_, n) => {
    const [way, tone] = [n % ways.length, Math.floor(n / ways.length) % heardIn.length];
    const answer = answers[way * heardIn.length + tone] ?? 0;
    return { way: ways[way] ?? "", tone: heardIn[tone] ?? null, answer };
  });
const money = (found: ReturnType<typeof recommend>) => ({
  proposed: found.proposed?.candidate.amount ?? null,
  offered: found.ranked.map((one) => [one.candidate.id, one.candidate.amount, one.worth]),
  owed: found.owed,
});

describe("how somebody sounds, whatever was learned of it", () => {
  test("moves no money: every tone, and none, is offered the same amounts in the same order", () => {
    let proposed = 0;
    let otherWay = 0;
    fc.assert(
      fc.property(
        anyWorld,
        fc.constantFrom(0, 40, 960),
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.constantFrom(0, 100_000, 1_000_000),
        (answers, howMany, severity, chance, left) => {
          const { deaf, hearing } = models(casesOf(answers, howMany));
          const one = situation({ severity });
          const unheard = recommend(deaf, wide, one, left, chance);
          for (const tone of tones) {
            const heard = recommend(deaf, wide, one, left, chance, { tone, model: hearing });
            expect(money(heard)).toEqual(money(unheard));
            if (heard.proposed === null) continue;
            proposed += 1;
            otherWay += Number(heard.proposed.candidate.id !== unheard.proposed?.candidate.id);
          }
        },
      ),
      { numRuns: 600 },
    );
    // Money stays although the tone was heard and changed what was proposed: some five hundred times and fifty.
    expect(proposed).toBeGreaterThan(100);
    expect(otherWay).toBeGreaterThan(0);
  });

  test("leaves propensities that are those by which it is drawn", () => {
    const cases = Array.from({ length: 1_200 }, (_, n): Case => {
      const way = ways[n % 4] ?? "";
      const tone = n % 3 === 0 ? "angry" : null;
      return { way, tone, answer: way === "apology" && tone === "angry" ? 8 : 5 + (n % 2) };
    });
    const { deaf, hearing } = models(cases);
    const drawn = new Map<string, { count: number; said: number }>();
    const draws = 2_000;
    for (let n = 0; n < draws; n += 1) {
      const found = recommend(deaf, resolutions, situation(), 1e6, n / draws, {
        tone: "angry",
        model: hearing,
      });
      const id = found.proposed?.candidate.id ?? "";
      const was = drawn.get(id);
      drawn.set(id, { count: (was?.count ?? 0) + 1, said: found.propensity });
    }
    expect(drawn.size).toBeGreaterThan(1);
    for (const { count, said } of drawn.values()) expect(count / draws).toBeCloseTo(said, 2);
  });
});

test("who sounds angry is offered the way of the same price that did best for the angry", () => {
  const cases = Array.from({ length: 2_400 }, (_, n): Case => {
    const way = ways[n % 4] ?? "";
    const tone = (n >> 2) % 2 === 0 ? "angry" : null;
    const answers: Readonly<Record<string, number>> = { apology: 5, "call-back": 7 };
    const answer = way === "apology" && tone === "angry" ? 9 : (answers[way] ?? 4);
    return { way, tone, answer: answer + ((n >> 3) % 2) - 0.5 };
  });
  const { deaf, hearing } = models(cases);
  const quiet = recommend(deaf, resolutions, situation(), 1e6, 0.99);
  const angry = recommend(deaf, resolutions, situation(), 1e6, 0.99, {
    tone: "angry",
    model: hearing,
  });
  expect(angry.proposed?.candidate.id).toBe("apology");
  expect(angry.proposed?.prediction.mean).toBeGreaterThan(
    (quiet.ranked.find((one) => one.candidate.id === "apology")?.prediction.mean ?? 10) + 1,
  );
  expect(angry.manner.length).toBeGreaterThan(1);
  expect(quiet.manner).toEqual([]);
});

test("of a tone nobody has heard before nothing is taken but how to speak", () => {
  const cases = Array.from(
    { length: 400 },
    (_, n): Case => ({
      way: ways[n % 4] ?? "",
      tone: null,
      answer: 5 + (n % 2),
    }),
  );
  const { deaf, hearing } = models(cases);
  const quiet = recommend(deaf, resolutions, situation(), 1e6, 0.99);
  const tone = { tone: "worried" as const, model: hearing };
  const worried = recommend(
    deaf,
    { ...resolutions, abstainAbove: 2 },
    situation(),
    1e6,
    0.99,
    tone,
  );
  expect({ ...worried, manner: [] }).toEqual(quiet);
  expect(worried.manner.length).toBeGreaterThan(0);
});
