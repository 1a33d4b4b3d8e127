import { createRequire } from "node:module";

type Esbuild = {
  readonly buildSync: (options: {
    readonly entryPoints: readonly string[];
    readonly outfile: string;
    readonly bundle: boolean;
    readonly platform: "node";
    readonly format: "esm";
    readonly conditions: readonly string[];
    readonly banner: { readonly js: string };
  }) => unknown;
};

/**
 * Makes one plain file of a TypeScript program, so that a test can start it a hundred times at the
 * price of Node alone. Uses the esbuild that tsx brings along.
 */
export function bundle(entry: string, outfile: string): void {
  const require = createRequire(createRequire(import.meta.url).resolve("tsx"));
  const esbuild: Esbuild = require("esbuild");
  esbuild.buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@troth/source"],
    // Packages written for CommonJS call `require` for Node's own modules.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
  });
}
