import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { type Output, publicPseudonymKey } from "@troth/events";
import type { Policy } from "@troth/policy";
import { openMetrics } from "@troth/runtime";
import { Pipeline } from "../pipeline.ts";
import type { ReadLines } from "../replay/source.ts";
import { openTell } from "../tell.ts";

export type History = {
  readonly samples: number;
  readonly from: number;
  readonly until: number;
};

const instance = 'job="troth",instance="history"';

/** `name{a="b"} 1` with the labels every scraped series has, and a moment in seconds. */
function stamped(line: string, seconds: number): string {
  const space = line.lastIndexOf(" ");
  const series = line.slice(0, space);
  const labelled = series.endsWith("}")
    ? `${series.slice(0, -1)},${instance}}`
    : `${series}{${instance}}`;
  return `${labelled} ${line.slice(space + 1)} ${seconds}`;
}

/**
 * What Prometheus would have scraped had it been there: the metrics as of every `everyMs` of log time,
 * as OpenMetrics for `promtool tsdb create-blocks-from openmetrics`.
 */
export async function writeHistory(
  lines: ReadLines,
  policy: Policy,
  everyMs: number,
  until: number | null,
  path: string,
): Promise<History> {
  const metrics = openMetrics({ process: false });
  const tell = openTell(metrics, policy);
  const pipeline = new Pipeline(policy, publicPseudonymKey);
  const file = createWriteStream(path);
  let next = 0;
  let from = 0;
  let samples = 0;
  let position = 0;
  let stamp = 0;
  let out: Output["body"][] = [];
  const fold = (): void => {
    for (const [seq, body] of out.entries()) tell.fold({ inOffset: position, seq, stamp, body });
    out = [];
    position += 1;
    tell.judged(position, stamp);
  };
  const sample = async (at: number): Promise<void> => {
    const text = (await metrics.expose())
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => stamped(line, at / 1_000));
    samples += text.length;
    if (!file.write(`${text.join("\n")}\nup{${instance}} 1 ${at / 1_000}\n`))
      await once(file, "drain");
  };
  /** Samples at every step up to a moment, with what time alone decides on the way. */
  const pass = async (moment: number): Promise<void> => {
    for (; next <= moment; next += everyMs) {
      stamp = Math.max(stamp, next);
      pipeline.tick(stamp, out);
      fold();
      await sample(next);
    }
  };
  for await (const batch of lines) {
    for (const { result } of batch) {
      if (!result.ok) continue;
      const fact = result.value;
      if (next === 0) {
        next = Math.ceil(fact.recordedTime / everyMs) * everyMs;
        from = next;
      }
      if (until !== null && fact.recordedTime > until) continue;
      await pass(fact.recordedTime);
      stamp = Math.max(stamp, fact.recordedTime);
      tell.admitted(1, []);
      tell.fate(pipeline.take(fact, stamp, out), fact, stamp);
      fold();
    }
  }
  if (from > 0) {
    const end = Math.max(stamp, until ?? stamp);
    await pass(end);
    if (next - everyMs < end) {
      stamp = end;
      pipeline.tick(end, out);
      fold();
      await sample(end);
    }
  }
  file.end("# EOF\n");
  await finished(file);
  return { samples, from, until: stamp };
}
