import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { decisionJson, flagJson, publicPseudonymKey } from "@troth/events";
import { recompute } from "@troth/oracle";
import { defaultPolicyPath, type ReplayedLines, readPolicy, replayLines } from "@troth/troth";
import { beforeAll, describe, expect, test } from "vitest";
import { importFolder } from "../../services/troth/src/import/fixture.ts";
import type { ImportedEvent } from "../../services/troth/src/import/importer.ts";
import { importers } from "../../services/troth/src/import/index.ts";
import { seeded } from "../support/random-events.ts";

/** The public files, beside the project; their licences forbid carrying them in it. */
const data = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const missing = existsSync(data) ? "" : ` (skipped: no ${data})`;
const hour = 3_600_000;

const policy = await readPolicy(defaultPolicyPath);
const recordedAt = (event: ImportedEvent): number => Date.parse(event.recordedtime);
const judged = (events: readonly ImportedEvent[]): Promise<ReplayedLines> =>
  replayLines(
    events.map((event) => JSON.stringify(event)),
    policy,
  );

/** Where every pledge and every customer stand in the end, whatever was said on the way. */
const ends = ({ verdicts, flags }: ReplayedLines) => ({
  pledges: [...verdicts.pledges()].map((row) =>
    [row.customer, row.promiseId, row.term, row.verdict, row.at, row.due, row.severity].join(" "),
  ),
  flags: flags.map(flagJson).sort(),
});

/** What an answer could turn to be, had the world gone on otherwise: the opposite of what it was. */
function poisoned(event: ImportedEvent): ImportedEvent | null {
  const { deliveryStatus } = event.data;
  if (event.type === "org.troth.survey.answered.v1") {
    const outcome = event.data["outcome"] === "enjoyed" ? "not_enjoyed" : "enjoyed";
    return { ...event, data: { ...event.data, outcome, score: outcome === "enjoyed" ? 5 : 1 } };
  }
  if (deliveryStatus === "Delivered") return null;
  if (deliveryStatus !== undefined)
    return { ...event, data: { ...event.data, deliveryStatus: "Expired" } };
  return event;
}

// Minutes on a machine that does much else; half a minute on one that does not.
const patience = { timeout: 300_000 };

describe.skipIf(missing !== "")(`a year and a half of real orders${missing}`, patience, () => {
  let events: readonly ImportedEvent[] = [];
  let plain: ReplayedLines;
  beforeAll(async () => {
    events = (await importFolder(importers.olist, data)).events;
    plain = await judged(events);
  }, patience.timeout);

  test("is judged by the default policy, which learned nothing, as people answered", () => {
    const { truth } = plain.summary;
    expect(truth.n).toBe(12_564);
    expect(truth.precision).toBeGreaterThanOrEqual(0.69);
    expect(truth.recall).toBeGreaterThanOrEqual(0.45);
    expect(truth.auc).toBeGreaterThanOrEqual(0.73);
  });

  test("is judged the same by the oracle, decision for decision", async () => {
    const { facts } = await importFolder(importers.olist, data);
    const oracle = recompute({ facts, policy, pseudonymKey: publicPseudonymKey, until: null });
    expect(oracle.decisions.length).toBe(plain.decisions.length);
    const parting = plain.decisions.findIndex((one, i) => {
      const other = oracle.decisions[i];
      return other === undefined || decisionJson(one) !== decisionJson(other);
    });
    expect(parting).toBe(-1);
  });

  test("reads nothing of what was recorded after a survey", async () => {
    const invited = events.filter((event) => event.type === "org.troth.survey.invited.v1");
    for (const share of [0.2, 0.5, 0.8]) {
      const cut = recordedAt(invited[Math.floor(invited.length * share)] ?? invited[0] ?? never());
      const future = events.map((event) => (recordedAt(event) > cut ? poisoned(event) : event));
      const other = await judged(future.filter((event) => event !== null));
      const asOf = (run: ReplayedLines): string[] =>
        [...run.verdicts.truth()]
          .filter(({ at }) => at <= cut)
          .map(({ outcome: _, ...line }) => JSON.stringify(line));
      expect(asOf(other).length).toBeGreaterThan(invited.length * share - 200);
      expect(asOf(other)).toEqual(asOf(plain));
      // The poison does reach what comes after, or the comparison above would prove nothing.
      expect(other.summary.truth).not.toEqual(plain.summary.truth);
    }
  });

  test("ends the same when it comes out of order by up to three days and every event twice", async () => {
    const next = seeded(5);
    const shuffled = events
      .flatMap((event) => [event, event])
      .map((event) => ({ event, at: recordedAt(event) + next() * 72 * hour }))
      .sort((a, b) => a.at - b.at)
      .map(({ event }) => event);
    expect(
      shuffled.filter((event, i) => event !== events[Math.floor(i / 2)]).length,
    ).toBeGreaterThan(events.length);
    const other = await judged(shuffled);
    expect(other.summary).toMatchObject({ applied: events.length, duplicates: events.length });
    expect(ends(other)).toEqual(ends(plain));
  });
});

function never(): never {
  throw new Error("there are no invitations");
}
