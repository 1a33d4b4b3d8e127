import { esbuild, plainFile } from "./esbuild.ts";

const common = {
  ...plainFile,
  // In parts, what is loaded late keeps the names it exports only if it is no CommonJS.
  mainFields: ["module", "main"],
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
