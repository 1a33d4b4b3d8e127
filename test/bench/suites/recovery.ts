import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../../support/bundle.ts";
import { root } from "../../support/source.ts";
import { freePort } from "../../support/troth.ts";
import type { Case, Figure, Suite } from "../suite.ts";

const source = join(root, "test/bench/recovery/program.ts");
const policy = join(root, "infra/policy/default.yaml");
const main = join(root, "services/troth/dist/main.js");

type Ended = { readonly ms: number; readonly out: string };

/** Runs until `said` is heard on either stream, or to its end. */
function until(
  args: readonly string[],
  said: string | null,
): Promise<Ended & { child: ChildProcess }> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, args, { cwd: root });
    let out = "";
    const hear = (piece: Buffer): void => {
      out += piece.toString();
      if (said !== null && out.includes(said))
        resolve({ ms: performance.now() - began, out, child });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    child.once("close", (code) => {
      if (said === null && code === 0) resolve({ ms: performance.now() - began, out, child });
      else reject(new Error(`it ended with ${code}: ${out}`));
    });
  });
}

const killed = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("close", () => resolve());
    child.kill("SIGKILL");
  });

const figure = (ms: number, note?: string): Figure => ({
  value: ms,
  perCpu: null,
  ...(note !== undefined && { note }),
});

async function emptyStart(folder: string): Promise<Figure> {
  const dir = mkdtempSync(join(folder, "empty-"));
  const port = String(await freePort());
  const args = [main, "start", "--no-demo", "--data", dir, "--port", port];
  const { ms, child } = await until(args, "troth is up");
  await killed(child);
  return figure(ms);
}

/** A folder somebody was killed over, made when first asked for. */
function folderOf(
  folder: string,
  program: readonly string[],
  customers: number,
): () => Promise<string> {
  const dir = join(folder, `with-${customers}`);
  let made: Promise<string> | null = null;
  const make = async (): Promise<string> => {
    const place = [dir, policy, String(customers)];
    await until([...program, "fill", ...place], null);
    const { child } = await until([...program, "follow", ...place], "filled");
    await killed(child);
    return dir;
  };
  return () => {
    made ??= make();
    return made;
  };
}

export const suite: Suite = {
  says: "milliseconds until it is up: an empty process from dist, and one killed with many customers",
  prepare: async ({ scale }) => {
    const folder = mkdtempSync(join(tmpdir(), "troth-recovery-"));
    await until([join(root, "node_modules/typescript/bin/tsc"), "-b"], null);
    // As plain as what `pnpm build` makes; tsx would take as long as the rest.
    const program = join(folder, "program.mjs");
    bundle(source, program);
    const bundled = ["--max-old-space-size=4096", program];
    const restart = (size: number): Case => {
      const customers = Math.round(size * scale);
      const filled = folderOf(folder, bundled, customers);
      return {
        id: `killed with ${customers.toLocaleString("en")} customers, to the first new decision`,
        unit: "ms",
        peer: null,
        run: async () => {
          const dir = await filled();
          const { ms, out } = await until([...bundled, "start", dir, policy], null);
          const { openedMs, rssMiB } = JSON.parse(out);
          return figure(ms, `open after ${Math.round(openedMs)} ms; ${Math.round(rssMiB)} MiB`);
        },
      };
    };
    return {
      close: () => rmSync(folder, { recursive: true, force: true }),
      cases: [
        {
          id: "Node alone",
          unit: "ms",
          peer: null,
          run: async () => figure((await until(["-e", "0"], null)).ms),
        },
        {
          id: "start of an empty folder, from dist",
          unit: "ms",
          peer: "Node alone",
          run: () => emptyStart(folder),
        },
        restart(100_000),
        restart(1_000_000),
      ],
    };
  },
};
