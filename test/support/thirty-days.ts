import { writeFileSync } from "node:fs";
import { syntheticDay } from "@troth/troth";

const dayMs = 86_400_000;

/**
 * Thirty made-up days one after another, each of other customers, ending at `endsAt`: an event file in
 * order of recorded time. Gives the number of events.
 */
export function writeThirtyDays(path: string, endsAt: number, customersPerDay: number): number {
  const events = Array.from({ length: 30 }, (_, day) => [
    ...syntheticDay({ seed: day + 1, endsAt: endsAt - day * dayMs, customers: customersPerDay }),
  ]).flatMap((events, day) =>
    events.map((event) => ({
      at: event.recordedtime,
      line: JSON.stringify(event).replaceAll("demo-", `d${day}-`).replaceAll("HD-", `HD${day}-`),
    })),
  );
  events.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
  writeFileSync(path, `${events.map(({ line }) => line).join("\n")}\n`);
  return events.length;
}
