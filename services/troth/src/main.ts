import module from "node:module";
import { join } from "node:path";
import { errnoOf } from "@troth/runtime";
import { Command, CommanderError } from "commander";
import { exitCodes, tellFailure } from "./exit.ts";

// From Node 22 on what V8 compiled is kept beside the packages, for who may write there.
if ("enableCompileCache" in module && typeof module.enableCompileCache === "function")
  module.enableCompileCache(join(import.meta.dirname, "../node_modules/.cache/troth"));

const program = new Command("troth")
  .description(
    "Says, while it can still be mended, where a promised experience is being undermined.",
  )
  .version("0.1.0")
  .showHelpAfterError("(add --help for the options and examples)")
  .showSuggestionAfterError()
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

/** Loaded when asked for: a command does not wait for what another one needs. */
const commands: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  start: async () => (await import("./start.ts")).addStart,
  run: async () => (await import("./run.ts")).addRun,
  import: async () => (await import("./import.ts")).addImport,
  replay: async () => (await import("./replay.ts")).addReplay,
  oracle: async () => (await import("./replay.ts")).addOracle,
  policy: async () => (await import("./policy.ts")).addPolicy,
  map: async () => (await import("./map.ts")).addMap,
  calibrate: async () => (await import("./calibrate.ts")).addCalibrate,
  truth: async () => (await import("./truth.ts")).addTruth,
  "set-aside": async () => (await import("./set-aside.ts")).addSetAside,
  topics: async () => (await import("./topics.ts")).addTopics,
  migrate: async () => (await import("./migrate.ts")).addMigrate,
  slo: async () => (await import("./slo.ts")).addSlo,
  verify: async () => (await import("./verify.ts")).addVerify,
  sim: async () => (await import("./sim.ts")).addSim,
  backtest: async () => (await import("./backtest.ts")).addBacktest,
  accountability: async () => (await import("./accountability.ts")).addAccountability,
  compact: async () => (await import("./compact.ts")).addCompact,
  shadow: async () => (await import("./shadow.ts")).addShadow,
  retire: async () => (await import("./retire.ts")).addRetire,
  export: async () => (await import("./export.ts")).addExport,
  erase: async () => (await import("./erase.ts")).addErase,
  doctor: async () => (await import("./doctor.ts")).addDoctor,
};
const word = process.argv[2] ?? "";
for (const [name, load] of Object.entries(commands))
  if (name === word || !Object.hasOwn(commands, word)) (await load())(program);

// Whoever reads our output may have seen enough (`| head`); that is no failure of ours.
process.stdout.on("error", (error) => {
  process.exit(errnoOf(error) === "EPIPE" ? exitCodes.ok : exitCodes.badInput);
});

try {
  await program.parseAsync();
} catch (error) {
  // Commander has already said what is wrong with the words; help and version are no failure.
  process.exitCode =
    error instanceof CommanderError
      ? error.exitCode === 0
        ? exitCodes.ok
        : exitCodes.badUse
      : tellFailure(error);
}
