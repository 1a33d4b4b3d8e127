import { readFileSync } from "node:fs";
import { join } from "node:path";
import { esbuild, plainFile } from "../support/esbuild.ts";
import type { Mutant } from "./mutants.ts";

const root = join(import.meta.dirname, "../..");

/** The file's text with the fault in it. Fails where the source has moved on from the mutant. */
export function mutated(mutant: Mutant): string {
  let text = readFileSync(join(root, mutant.file), "utf8");
  for (const [find, put] of mutant.edits) {
    const places = text.split(find).length - 1;
    if (places !== 1) {
      throw new Error(`${mutant.name}: in ${mutant.file} this stands ${places} times: ${find}`);
    }
    text = text.replace(find, () => put);
  }
  return text;
}

/**
 * Makes one plain file of a program in this folder, with a fault in it or as it is. The sources on the
 * disk are not touched.
 */
export async function bundleOf(
  program: string,
  outfile: string,
  mutant: Mutant | null,
): Promise<void> {
  const contents = mutant === null ? "" : mutated(mutant);
  await esbuild().build({
    ...plainFile,
    entryPoints: [join(import.meta.dirname, program)],
    outfile,
    keepNames: true,
    logLevel: "error",
    plugins: [
      {
        name: "mutant",
        setup: (build) =>
          build.onLoad({ filter: /\.ts$/ }, ({ path }) =>
            mutant !== null && path === join(root, mutant.file)
              ? { contents, loader: "ts" }
              : undefined,
          ),
      },
    ],
  });
}
