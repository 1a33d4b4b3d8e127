import { describe, expect, test } from "vitest";
import { GoodwillFund } from "./fund.ts";
import { dice } from "./synthetic-world.fixture.ts";

const dayMs = 86_400_000;
const rules = { amount: 50_000_000, everyMs: 30 * dayMs };
const start = 30 * dayMs * 700;

describe("the goodwill fund", () => {
  test("is let out evenly: a fifth at once, the rest day by day", () => {
    const fund = new GoodwillFund(rules);
    expect(fund.left(start)).toBe(10_000_000);
    expect(fund.left(start + 15 * dayMs)).toBe(30_000_000);
    expect(fund.left(start + 30 * dayMs - 1)).toBeGreaterThan(49_999_000);
    expect(fund.left(start + 30 * dayMs)).toBe(10_000_000);
  });

  test("ten thousand offers at once, stored late, twice or never, never overdraw it", async () => {
    const fund = new GoodwillFund(rules);
    const roll = dice(11);
    let granted = 0;
    let paid = 0;
    let refused = 0;
    await Promise.all(
      Array.from({ length: 10_000 }, async (_, n) => {
        const amount = 1 + Math.floor(roll() * 400_000);
        const [wait, fate] = [Math.floor(roll() * 4), roll()];
        for (let turn = 0; turn < wait; turn += 1) await Promise.resolve();
        if (!fund.reserve(`offer-${n}`, amount, start)) {
          refused += 1;
          return;
        }
        granted += 1;
        expect(fund.paid(start)).toBeLessThanOrEqual(10_000_000);
        for (let turn = 0; turn < wait; turn += 1) await Promise.resolve();
        if (fate < 0.2) fund.giveBack(`offer-${n}`);
        else {
          fund.pay(`offer-${n}`, amount, start);
          paid += amount;
          if (fate < 0.4) fund.pay(`offer-${n}`, amount, start);
        }
      }),
    );
    expect(granted).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(9_000);
    expect(fund.paid(start)).toBe(paid);
    expect(paid).toBeLessThanOrEqual(10_000_000);
    expect(fund.left(start)).toBe(10_000_000 - paid);
  });

  test("what is set aside and never paid comes back, and one offer takes once", () => {
    const fund = new GoodwillFund(rules);
    expect(fund.reserve("a", 9_000_000, start)).toBe(true);
    expect(fund.reserve("a", 9_000_000, start)).toBe(true);
    expect(fund.reserve("b", 2_000_000, start)).toBe(false);
    expect(fund.reserve("b", 2_000_000, start + 11 * 60_000)).toBe(true);
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])(
    "an offer of %d is none",
    (amount) => {
      expect(new GoodwillFund(rules).reserve("a", amount, start)).toBe(false);
    },
  );

  test("what the log says was paid counts, even beyond what there is, and then nothing more is given", () => {
    const fund = new GoodwillFund(rules);
    fund.pay("long ago", 60_000_000, start);
    expect(fund.left(start + 29 * dayMs)).toBe(0);
    expect(fund.reserve("a", 1, start + 29 * dayMs)).toBe(false);
  });
});
