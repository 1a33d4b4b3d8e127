import { readFileSync } from "node:fs";
import { parsePolicy } from "@troth/policy";
import { runSeed } from "../../services/troth/src/sim/run.ts";

/**
 * `mutant-program POLICY SEED COUNT`: tells stories until one goes wrong, the given seed first, then
 * from 1 on, and says which and how. Bundled with a fault inside.
 */
const [path = "", first = "1", count = "500"] = process.argv.slice(2);
const parsed = parsePolicy(readFileSync(path, "utf8"));
if (!parsed.ok) throw new Error("the policy does not compile");
const seeds = [Number(first), ...Array.from({ length: Number(count) }, (_, n) => n + 1)];
let killed: object | null = null;
for (const seed of seeds) {
  const { violations } = await runSeed({ seed, policy: parsed.value });
  if (violations.length === 0) continue;
  killed = { seed, violation: violations[0] };
  break;
}
process.stdout.write(JSON.stringify(killed));
process.exit(0);
