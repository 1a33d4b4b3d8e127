import type { Fact } from "@troth/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { d, day, delivered, fact, hour, judged, noise, placed, policy } from "./in-code.ts";

const by = policy({ noises: [noise("contact.completed")] });

/** A day-to-day mixture about two customers and two orders, told in order of recording. */
const history: fc.Arbitrary<Fact[]> = fc
  .array(
    fc.record({
      what: fc.constantFrom("placed", "delivered", "call", "linked", "unlinked", "survey"),
      hours: fc.integer({ min: 0, max: 40 * 24 }),
      delay: fc.integer({ min: 0, max: 5 * 24 }),
      order: fc.constantFrom("A", "B"),
      who: fc.constantFrom("customer:1", "customer:2", "order:A", "order:B"),
    }),
    { maxLength: 25 },
  )
  .map((drafts) =>
    drafts
      .map(({ what, hours, delay, order, who }, i): Fact => {
        const time = d(0) + hours * hour;
        const more = { subject: who, recordedTime: time + delay * hour };
        if (what === "placed") return { ...placed(`${i}`, time, time + 9 * day, order), ...more };
        if (what === "delivered") return { ...delivered(`${i}`, time, order), ...more };
        if (what === "call") return fact("contact.completed", `${i}`, time, {}, more);
        if (what === "survey") return fact("survey.invited", `${i}`, time, {}, more);
        const joined = { reference: `order:${order}`, customer: "customer:1" };
        const kind = what === "linked" ? "identity.linked" : "identity.unlinked";
        return fact(kind, `${i}`, time, joined, more);
      })
      .sort((a, b) => a.recordedTime - b.recordedTime),
  );

test("every score is the exact sum of its parts, and every decision stands in the clock's order", () => {
  fc.assert(
    fc.property(history, (facts) => {
      const { decisions, flags, counts } = judged(facts, by, d(60));
      const told = [...flags, ...decisions.filter((one) => one.kind === "alert")];
      for (const one of told)
        expect(one.parts.reduce((sum, part) => sum + part.points, 0)).toBe(one.score);
      const clock = decisions.map((one) => (one.kind === "pledge" ? one.decidedAt : one.at));
      expect(clock).toEqual([...clock].sort((a, b) => a - b));
      expect(counts.read).toBe(counts.applied + counts.duplicates + counts.setAside);
    }),
    { numRuns: 100 },
  );
});

test("sending every event twice changes no decision", () => {
  fc.assert(
    fc.property(history, (facts) => {
      const twice = facts.flatMap((one) => [one, one]);
      expect(judged(twice, by, d(60)).decisions).toEqual(judged(facts, by, d(60)).decisions);
    }),
    { numRuns: 60 },
  );
});

test("each row of the register tells its whole story: revisions count up, was follows verdict", () => {
  fc.assert(
    fc.property(history, (facts) => {
      const last = new Map<string, { verdict: string; revision: number }>();
      for (const one of judged(facts, by, d(60)).decisions) {
        if (one.kind !== "pledge") continue;
        const row = `${one.customer} ${one.promiseId}#${one.term}`;
        expect(one.was).toBe(last.get(row)?.verdict ?? null);
        expect(one.revision).toBe((last.get(row)?.revision ?? 0) + 1);
        last.set(row, one);
      }
    }),
    { numRuns: 60 },
  );
});
