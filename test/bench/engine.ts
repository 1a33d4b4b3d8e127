import { readFileSync } from "node:fs";
import { Engine } from "@troth/engine";
import type { Decision } from "@troth/events";
import { parsePolicy } from "@troth/policy";
import { mixedStream } from "./mixed-stream.ts";

const events = Number(process.argv[2] ?? 600_000);
const customers = Number(process.argv[3] ?? 100_000);

const parsed = parsePolicy(readFileSync("infra/policy/default.yaml", "utf8"), "default.yaml");
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error, null, 1));
const policy = parsed.value;

const facts = mixedStream(events, customers, 7);
const keys = new Map<string, string>();
for (const fact of facts) {
  const subject = fact.subject ?? "";
  if (!keys.has(subject)) keys.set(subject, subject.padEnd(24, "0"));
}

/** Engine alone: no parsing, no joining, decisions counted and dropped as a reader would. */
function run(): { seconds: number; decisions: number; bytes: number } {
  const engine = new Engine(policy);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let decisions = 0;
  const out = { push: (_: Decision) => (decisions += 1) };
  const began = process.hrtime.bigint();
  for (const fact of facts) {
    const customer = keys.get(fact.subject ?? "") ?? "";
    engine.apply({ kind: "fact", stamp: fact.time, customer, origin: customer, fact }, out);
  }
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  globalThis.gc?.();
  const bytes = (process.memoryUsage().heapUsed - before) / engine.state.customers.size;
  return { seconds, decisions, bytes };
}

const runs = [run(), run(), run()];
for (const { seconds, decisions, bytes } of runs) {
  const rate = Math.round(facts.length / seconds);
  process.stdout.write(
    `engine alone: ${facts.length} events, ${customers} customers, ${rate} events/s, ` +
      `${decisions} decisions, ${Math.round(bytes)} bytes a customer (all state)\n`,
  );
}
