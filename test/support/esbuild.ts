import { createRequire } from "node:module";

type Loaded = { readonly contents: string; readonly loader: "ts" };
type Build = {
  readonly onLoad: (
    filter: { readonly filter: RegExp },
    load: (file: { readonly path: string }) => Loaded | undefined,
  ) => void;
};
type Options = typeof plainFile & {
  readonly entryPoints: readonly string[];
  readonly outfile?: string;
  readonly outdir?: string;
  readonly entryNames?: string;
  readonly chunkNames?: string;
  readonly splitting?: boolean;
  readonly outExtension?: Readonly<Record<string, string>>;
  readonly mainFields?: readonly string[];
  readonly keepNames?: boolean;
  readonly logLevel?: "error";
  readonly plugins?: readonly { readonly name: string; readonly setup: (build: Build) => void }[];
};
type Esbuild = {
  readonly build: (options: Options) => Promise<unknown>;
  readonly buildSync: (options: Options) => unknown;
};

/** The one that tsx brings along. */
export function esbuild(): Esbuild {
  const require = createRequire(createRequire(import.meta.url).resolve("tsx"));
  return require("esbuild");
}

/** A program of ours as plain files for Node. */
export const plainFile = {
  bundle: true,
  platform: "node",
  format: "esm",
  conditions: ["@troth/source"],
  // Packages written for CommonJS call `require` for Node's own modules.
  banner: {
    js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
  },
} as const;
