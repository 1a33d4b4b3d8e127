import { systemClock } from "@troth/runtime";
import type { Summary } from "./replay/verdicts.ts";

export type Progress = {
  /** Tells now and then how many lines were read. */
  readonly at: (lines: number) => void;
  /** Tells what came of it. */
  readonly done: (summary: Summary) => void;
};

const everyMs = 1_000;

const share = (part: number | null): string => (part === null ? "-" : part.toFixed(3));

/** Progress of long work, on stderr, so that stdout stays for machines. */
export function openProgress(name: string): Progress {
  const began = systemClock.now();
  let told = began;
  return {
    at: (lines) => {
      const now = systemClock.now();
      if (now - told < everyMs) return;
      told = now;
      const rate = Math.round((lines / (now - began)) * 1_000);
      process.stderr.write(`${name}: ${lines} lines, ${rate} a second\n`);
    },
    done: (summary) => {
      const { read, applied, duplicates, setAside, waiting, alerts, truth } = summary;
      const seconds = ((systemClock.now() - began) / 1_000).toFixed(1);
      process.stderr.write(
        `${name}: ${read} read = ${applied} applied (${waiting} waiting for a customer) + ${duplicates} duplicates + ${setAside} set aside; ${alerts} alerts; ${seconds} s\n`,
      );
      if (truth.n > 0) {
        process.stderr.write(
          `${name}: ${truth.n} answers: precision ${share(truth.precision)}, recall ${share(truth.recall)}, AUC ${share(truth.auc)}, average precision ${share(truth.ap)}\n`,
        );
      }
    },
  };
}
