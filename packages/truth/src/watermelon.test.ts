import { expect, test } from "vitest";
import { answeredOf } from "./answered.ts";
import { watermelonsOf } from "./watermelon.ts";
import { openTown } from "./world.fixture.ts";

const worlds = 40;
const judging = { objective: 0.95, resamples: 120, seed: 1 };

/** How often `visit`, and how often another link, is called green outside and red inside. */
function found(harmPerMille: number) {
  let visit = 0;
  let others = 0;
  for (let seed = 1; seed <= worlds; seed += 1) {
    const { lines, links } = openTown(seed, harmPerMille);
    const health = watermelonsOf(answeredOf(lines), links, ({ region }) => region ?? "", judging);
    for (const { link, watermelon } of health) {
      if (!watermelon) continue;
      if (link === "visit") visit += 1;
      else others += 1;
    }
  }
  return { power: visit / worlds, falseAlarms: others / (3 * worlds) };
}

test("a link that keeps its promises and harms its customers is found, the more surely the more it harms", () => {
  const harms = [0, 60, 120, 200];
  const results = harms.map((harm) => ({ harm, ...found(harm) }));
  for (const { harm, power, falseAlarms } of results) {
    process.stdout.write(
      `watermelon of ${harm / 10} points: found in ${(power * 100).toFixed(0)}% of ${worlds} towns of 800, other links ${(falseAlarms * 100).toFixed(1)}%\n`,
    );
  }
  const [none, small, middle, large] = results.map(({ power }) => power);
  // The lower end of a 95% interval is above zero by chance once in forty times.
  expect(none).toBeLessThanOrEqual(0.1);
  expect(small).toBeGreaterThan(0.35);
  expect(middle).toBeGreaterThan(0.85);
  expect(large).toBeGreaterThanOrEqual(0.95);
  for (const { falseAlarms } of results) expect(falseAlarms).toBeLessThanOrEqual(0.06);
});

test("a link that breaks its promises is no watermelon: its own report is red", () => {
  const { lines, links } = openTown(3, 200);
  const broken = links.map((record) => ({ ...record, broken: record.kept }));
  const health = watermelonsOf(answeredOf(lines), broken, ({ region }) => region ?? "", judging);
  expect(health.map(({ green, watermelon }) => [green, watermelon])).toEqual(
    Array(4).fill([false, false]),
  );
  expect(health.find(({ link }) => link === "visit")?.difference.low).toBeGreaterThan(0);
});

test("unhappy people in the link's region are no proof against the link", () => {
  const { lines, links } = openTown(5, 0, 4000);
  const raw = watermelonsOf(answeredOf(lines), links, () => "", judging);
  const fair = watermelonsOf(answeredOf(lines), links, ({ region }) => region ?? "", judging);
  const visit = (health: typeof raw): boolean | undefined =>
    health.find(({ link }) => link === "visit")?.watermelon;
  expect([visit(raw), visit(fair)]).toEqual([true, false]);
});
