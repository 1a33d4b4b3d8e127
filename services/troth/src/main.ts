import { errnoOf } from "@troth/runtime";
import { Command, CommanderError } from "commander";
import { addAccountability } from "./accountability.ts";
import { addBacktest } from "./backtest.ts";
import { addCalibrate } from "./calibrate.ts";
import { addCompact } from "./compact.ts";
import { addDoctor } from "./doctor.ts";
import { addErase } from "./erase.ts";
import { exitCodes, tellFailure } from "./exit.ts";
import { addExport } from "./export.ts";
import { addImport } from "./import.ts";
import { addMap } from "./map.ts";
import { addMigrate } from "./migrate.ts";
import { addPolicy } from "./policy.ts";
import { addOracle, addReplay } from "./replay.ts";
import { addRun } from "./run.ts";
import { addSetAside } from "./set-aside.ts";
import { addSim } from "./sim.ts";
import { addSlo } from "./slo.ts";
import { addStart } from "./start.ts";
import { addTopics } from "./topics.ts";
import { addTruth } from "./truth.ts";
import { addVerify } from "./verify.ts";

const program = new Command("troth")
  .description(
    "Says, while it can still be mended, where a promised experience is being undermined.",
  )
  .version("0.1.0")
  .showHelpAfterError("(add --help for the options and examples)")
  .showSuggestionAfterError()
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

addStart(program);
addRun(program);
addImport(program);
addReplay(program);
addOracle(program);
addPolicy(program);
addMap(program);
addCalibrate(program);
addTruth(program);
addSetAside(program);
addTopics(program);
addMigrate(program);
addSlo(program);
addVerify(program);
addSim(program);
addBacktest(program);
addAccountability(program);
addCompact(program);
addExport(program);
addErase(program);
addDoctor(program);

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
