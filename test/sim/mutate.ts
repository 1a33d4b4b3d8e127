import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
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

type Loaded = { readonly contents: string; readonly loader: "ts" };
type Build = {
  readonly onLoad: (
    filter: { readonly filter: RegExp },
    load: (file: { readonly path: string }) => Loaded | undefined,
  ) => void;
};
type Esbuild = {
  readonly build: (options: {
    readonly entryPoints: readonly string[];
    readonly outfile: string;
    readonly bundle: boolean;
    readonly platform: "node";
    readonly format: "esm";
    readonly conditions: readonly string[];
    readonly keepNames: boolean;
    readonly logLevel: "error";
    readonly banner: { readonly js: string };
    readonly plugins: readonly { readonly name: string; readonly setup: (build: Build) => void }[];
  }) => Promise<unknown>;
};

/**
 * Makes one plain file of a program in this folder, with a fault in it or as it is. The sources on the
 * disk are not touched.
 */
export async function bundleOf(
  program: string,
  outfile: string,
  mutant: Mutant | null,
): Promise<void> {
  const require = createRequire(createRequire(import.meta.url).resolve("tsx"));
  const esbuild: Esbuild = require("esbuild");
  const contents = mutant === null ? "" : mutated(mutant);
  await esbuild.build({
    entryPoints: [join(import.meta.dirname, program)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@troth/source"],
    keepNames: true,
    logLevel: "error",
    banner: {
      // Packages written for CommonJS call `require` for Node's own modules.
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
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
