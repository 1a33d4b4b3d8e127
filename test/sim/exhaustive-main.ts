import { join } from "node:path";
import { exhaust } from "./exhaustive.ts";

/**
 * `exhaustive-main FIRST COUNT PAIRS`: crashes COUNT small workloads from seed FIRST on at every point
 * there is, and the first PAIRS of them at every pair of points. 1 when anything goes wrong.
 */
const [first = "1", count = "20", pairs = "0"] = process.argv.slice(2);
const policy = join(import.meta.dirname, "../../infra/policy/default.yaml");
const seeds = Array.from({ length: Number(count) }, (_, n) => Number(first) + n);
const found = await exhaust({
  policy,
  seeds,
  pairsOf: Number(pairs),
  tell: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`${JSON.stringify(found)}\n`);
process.exitCode = found.violations.length === 0 && found.struck === found.points ? 0 : 1;
