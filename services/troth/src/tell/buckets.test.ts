import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { queueWaitBuckets } from "./customers.ts";
import { latenessBuckets } from "./promises.ts";

const data = join(import.meta.dirname, "../../../../../shared/data");
const hasData = existsSync(data);
const noData = hasData ? "" : " (skipped: no public data on this machine)";

const rowsOf = (name: string): readonly Record<string, string>[] =>
  parse(gunzipSync(readFileSync(join(data, name))), { columns: true, relaxQuotes: true });

/** What Prometheus' histogram_quantile would say from counts in these buckets. */
function estimate(values: readonly number[], buckets: readonly number[], share: number): number {
  const rank = share * values.length;
  let below = 0;
  let from = 0;
  for (const to of buckets) {
    const upTo = values.filter((value) => value <= to).length;
    if (upTo >= rank) return from + ((to - from) * (rank - below)) / Math.max(1, upTo - below);
    below = upTo;
    from = to;
  }
  return from;
}

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? Number.NaN;

/** How far the estimate is from the truth at worst, as a share of the truth. */
const worstError = (values: readonly number[], buckets: readonly number[], at: readonly number[]) =>
  Math.max(
    ...at.map((share) => {
      const truth = quantile(values, share);
      return Math.abs(estimate(values, buckets, share) - truth) / truth;
    }),
  );

describe("the buckets", () => {
  test.skipIf(!hasData)(`give quantiles of real waits to a tenth${noData}`, () => {
    const waits = rowsOf("technion_bank_calls_feb01-21.csv.gz")
      .map((row) => Number(row["q_time"]))
      .filter((seconds) => seconds > 0);
    expect(waits.length).toBeGreaterThan(10_000);
    expect(worstError(waits, queueWaitBuckets, [0.25, 0.5, 0.75, 0.9, 0.95, 0.99])).toBeLessThan(
      0.1,
    );
    // One bucket fewer in the middle is felt.
    const coarse = queueWaitBuckets.filter((seconds) => seconds !== 60 && seconds !== 120);
    expect(worstError(waits, coarse, [0.25, 0.5, 0.75, 0.9])).toBeGreaterThan(0.1);
  });

  test.skipIf(!hasData)(`give quantiles of real delays to a fifth${noData}`, () => {
    const delays = rowsOf("olist_orders.csv.gz")
      .filter((row) => row["order_delivered_customer_date"] !== "")
      .map((row) => {
        const promised = `${row["order_estimated_delivery_date"]?.slice(0, 10)}T23:59:59Z`;
        const arrived = `${row["order_delivered_customer_date"]?.replace(" ", "T")}Z`;
        return (Date.parse(arrived) - Date.parse(promised)) / 1_000;
      })
      .filter((seconds) => seconds > 0);
    expect(delays.length).toBeGreaterThan(500);
    expect(worstError(delays, latenessBuckets, [0.25, 0.5, 0.75, 0.9, 0.95])).toBeLessThan(0.2);
  });
});
