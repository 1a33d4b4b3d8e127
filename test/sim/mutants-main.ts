import { mutants } from "./mutants.ts";
import { tryMutants } from "./run-mutants.ts";

/** `pnpm test:mutants [WORDS]`: tries every mutant whose name holds the words; 1 when one survives. */
const words = process.argv.slice(2).join(" ");
const chosen = mutants.filter(({ name }) => name.includes(words));
const seeds = Number(process.env["TROTH_MUTANT_SEEDS"] ?? 500);
const verdicts = await tryMutants(chosen, seeds, ({ mutant, killed }) =>
  process.stderr.write(
    killed === null
      ? `SURVIVED ${mutant.name}\n`
      : `killed by seed ${killed.seed}: ${mutant.name} (${killed.violation.slice(0, 120)})\n`,
  ),
);
const survived = verdicts.filter(({ killed }) => killed === null);
process.stdout.write(
  `${JSON.stringify({ mutants: verdicts.length, killed: verdicts.length - survived.length, survived: survived.map(({ mutant }) => mutant.name) })}\n`,
);
process.exitCode = survived.length === 0 && verdicts.length > 0 ? 0 : 1;
