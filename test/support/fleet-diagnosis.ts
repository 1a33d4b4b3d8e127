import { logOptionsOf } from "../../services/troth/src/topics/table.ts";
import type { Fleet, Process } from "./kafka-fleet.ts";

const answerWithinMs = 3_000;
const logCharsMax = 1_500;
const telling = /^troth_(registrar|partition|waits|events_admitted)/;

async function pageOf(one: Process, path: string): Promise<string> {
  try {
    const answer = await fetch(`${one.health}/${path}`, {
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const text = (await answer.text()).trim();
    return path === "metrics" ? text : `${answer.status} ${text}`;
  } catch (error) {
    return `no answer: ${String(error)}`;
  }
}

async function ofProcess(one: Process): Promise<string> {
  const [health, ready, metrics] = await Promise.all([
    pageOf(one, "healthz"),
    pageOf(one, "readyz"),
    pageOf(one, "metrics"),
  ]);
  const figures = metrics
    .split("\n")
    .filter((line) => telling.test(line) && !line.endsWith(" 0"))
    .map((line) => `    ${line}`);
  return [
    `${one.service} (process ${one.pid})`,
    `  health ${health}`,
    `  ready  ${ready}`,
    ...figures,
    `  last said:\n${one.said().slice(-logCharsMax)}`,
  ].join("\n");
}

async function endsOf({ kafka, partitions }: Fleet): Promise<string> {
  const lines: string[] = [];
  const ask = async (topic: string, partition: number): Promise<void> => {
    const log = await kafka.open(topic, partition, logOptionsOf(topic));
    lines.push(`  ${topic}-${partition} ends at ${await log.end()}`);
    await log.close();
  };
  try {
    await ask("troth.facts", 0);
    for (const topic of ["troth.noise", "troth.decisions", "troth.transfers"])
      for (let partition = 0; partition < partitions; partition += 1) await ask(topic, partition);
  } catch (error) {
    lines.push(`  the brokers do not answer: ${String(error)}`);
  }
  return lines.join("\n");
}

/** What a person would look at when a fleet does not come to its end: every process, every log. */
export async function diagnosis(fleet: Fleet): Promise<string> {
  const processes = await Promise.all(fleet.running().map(ofProcess));
  return ["the logs", await endsOf(fleet), ...processes].join("\n");
}

/** Waits for `work` only so long: then fails with what the fleet looks like. */
export async function inTime<T>(
  fleet: Fleet,
  what: string,
  withinMs: number,
  work: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), withinMs);
  });
  const first = await Promise.race([work, late]).finally(() => clearTimeout(timer));
  if (first !== "late") return work;
  work.catch(() => undefined);
  throw new Error(`${what}: not within ${withinMs} ms\n${await diagnosis(fleet)}`);
}
