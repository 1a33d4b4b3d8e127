import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mutants } from "./mutants.ts";
import { tryMutants, type Verdict } from "./run-mutants.ts";

/**
 * `pnpm test:mutants [--write] [WORDS]`: tries every mutant whose name holds the words; 1 when one
 * survives. `--write` keeps the seeds that killed them, to be tried first the next time.
 */
const given = process.argv.slice(2).filter((word) => word !== "--");
const words = given.filter((word) => word !== "--write").join(" ");
const chosen = mutants.filter(({ name }) => name.includes(words));
const seeds = Number(process.env["TROTH_MUTANT_SEEDS"] ?? 500);

function say({ mutant, killed, isUnknown }: Verdict): void {
  const said =
    killed === null
      ? `${isUnknown ? "TOO SLOW TO SAY" : "SURVIVED"} ${mutant.name}`
      : `killed by seed ${killed.seed}: ${mutant.name} (${killed.violation.slice(0, 120)})`;
  process.stderr.write(`${said}\n`);
}

function keepSeeds(verdicts: readonly Verdict[]): void {
  const path = join(import.meta.dirname, "mutants.ts");
  let text = readFileSync(path, "utf8");
  for (const { mutant, killed } of verdicts) {
    const at = text.indexOf(`name: ${JSON.stringify(mutant.name)}`);
    if (killed === null || killed.seed === 0 || at === -1) continue;
    text = text.slice(0, at) + text.slice(at).replace(/seed: \d+/, `seed: ${killed.seed}`);
  }
  writeFileSync(path, text);
}

const verdicts = await tryMutants(chosen, seeds, say);
if (given.includes("--write")) keepSeeds(verdicts);
const namesOf = (some: readonly Verdict[]) => some.map(({ mutant }) => mutant.name);
const left = verdicts.filter(({ killed }) => killed === null);
const told = {
  mutants: verdicts.length,
  killed: verdicts.length - left.length,
  survived: namesOf(left.filter(({ isUnknown }) => !isUnknown)),
  unknown: namesOf(left.filter(({ isUnknown }) => isUnknown)),
};
process.stdout.write(`${JSON.stringify(told)}\n`);
process.exitCode = left.length === 0 && verdicts.length > 0 ? 0 : 1;
