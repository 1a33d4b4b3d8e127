import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { artifacts, type Superseded, supersededFile } from "./artifacts.ts";
import { schemaIdOf } from "./avro.ts";

// A script, not part of the package: it writes schemas/ and registry.ts, and gathers from the tags
// what was released and has changed since, so that no log becomes unreadable.
const root = join(import.meta.dirname, "../../..");
const git = (...args: string[]): string =>
  execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

const families = ["noise", "decisions"] as const;

function kept(): Superseded[] {
  return families.flatMap((family) => {
    const folder = join(root, "schemas", family, "superseded");
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .sort()
      .map((file) => ({
        family,
        kind: file.replace(/\.\d+\.avsc$/, ""),
        schema: JSON.parse(readFileSync(join(folder, file), "utf8")),
      }));
  });
}

function released(): Superseded[] {
  return git("tag")
    .split("\n")
    .filter((tag) => tag !== "")
    .flatMap((tag) =>
      git("ls-tree", "-r", "--name-only", tag, "schemas/")
        .split("\n")
        .flatMap((file) => {
          const [, family, kind] = /^schemas\/(noise|decisions)\/([^/]+)\.avsc$/.exec(file) ?? [];
          if (kind === undefined || (family !== "noise" && family !== "decisions")) return [];
          return [{ family, kind, schema: JSON.parse(git("show", `${tag}:${file}`)) }];
        }),
    );
}

/** Those that differ from the present schemas, each once. */
function stillNeeded(candidates: readonly Superseded[]): Superseded[] {
  const present = artifacts([]);
  const found = new Map<string, Superseded>();
  for (const one of candidates) {
    const now = present.get(`schemas/${one.family}/${one.kind}.avsc`);
    if (now === undefined || schemaIdOf(JSON.parse(now)) === schemaIdOf(one.schema)) continue;
    found.set(supersededFile(one), one);
  }
  return [...found.values()];
}

for (const [path, text] of artifacts(stillNeeded([...kept(), ...released()]))) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
