import { createRequire } from "node:module";

type Esbuild = {
  readonly buildSync: (options: {
    readonly entryPoints: readonly string[];
    readonly outfile?: string;
    readonly outdir?: string;
    readonly entryNames?: string;
    readonly chunkNames?: string;
    readonly splitting?: boolean;
    readonly outExtension?: Readonly<Record<string, string>>;
    readonly bundle: boolean;
    readonly platform: "node";
    readonly format: "esm";
    readonly mainFields: readonly string[];
    readonly conditions: readonly string[];
    readonly banner: { readonly js: string };
  }) => unknown;
};

function esbuild(): Esbuild {
  // The one that tsx brings along.
  const require = createRequire(createRequire(import.meta.url).resolve("tsx"));
  return require("esbuild");
}

const common = {
  bundle: true,
  platform: "node",
  format: "esm",
  // In parts, what is loaded late keeps the names it exports only if it is no CommonJS.
  mainFields: ["module", "main"],
  conditions: ["@troth/source"],
  // Packages written for CommonJS call `require` for Node's own modules.
  banner: {
    js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
  },
} as const;

/**
 * Makes one plain file of a TypeScript program, so that a test can start it a hundred times at the
 * price of Node alone.
 */
export function bundle(entry: string, outfile: string): void {
  esbuild().buildSync({ ...common, entryPoints: [entry], outfile });
}

/** Makes `NAME.mjs` and, beside it, what that loads only when it is needed: `NAME-….mjs`. */
export function bundleInParts(entry: string, outdir: string, name: string): void {
  esbuild().buildSync({
    ...common,
    entryPoints: [entry],
    outdir,
    entryNames: name,
    chunkNames: `${name}-[name]-[hash]`,
    splitting: true,
    outExtension: { ".js": ".mjs" },
  });
}
