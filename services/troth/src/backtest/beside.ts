import { fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { readChunks } from "@troth/lake";
import type { Policy } from "@troth/policy";
import type { ObjectStore } from "@troth/runtime";
import { type Judged, Run } from "./run.ts";

/** A lake and a policy by the names people gave them: what a process of its own can be told. */
export type Beside = { readonly place: string; readonly policy: string };

/** What that process tells of the policy it judged under; the policy itself cannot be told. */
export type JudgedBeside = Omit<Judged, "policy">;

/** Judges every fact of a lake under one policy, in this process. */
export async function judgeFacts(store: ObjectStore, policy: Policy): Promise<JudgedBeside> {
  const run = new Run(policy);
  for await (const { facts } of readChunks(store, "facts")) {
    for (const record of facts) run.take(record);
  }
  const { policy: _, ...told } = run.verdicts();
  return told;
}

/** Beside this file, with the ending it has: source in development, JavaScript once built. */
const entry = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url));

/** The same in a process of its own, on whatever core is free. */
export function judgeBeside(beside: Beside): {
  readonly judged: Promise<JudgedBeside>;
  readonly end: () => void;
} {
  const child = fork(entry, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    serialization: "advanced",
  });
  const judged = new Promise<JudgedBeside>((resolve, reject) => {
    child.once("message", (told) => resolve(told as JudgedBeside));
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`the back-test's second process ended with ${code}`)),
    );
  });
  child.send(beside);
  return { judged, end: () => void child.kill() };
}
