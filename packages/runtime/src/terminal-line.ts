import { styleText } from "node:util";

const colours = { debug: "gray", info: "cyan", warn: "yellow", error: "red" } as const;

/** Letters a terminal shows as they are; anything else in a field stays escaped. */
const plain = /^[\p{L}\p{N}\p{P}\p{S} ]*$/u;
const bare = /^[\p{L}\p{N}._:/+-]+$/u;

function shown(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  if (bare.test(value)) return value;
  return plain.test(value) ? `"${value}"` : JSON.stringify(value).replace(/[^\x20-\x7e]/g, "?");
}

/**
 * A line of the log as somebody at a terminal likes to read it: time of day in UTC, level, message,
 * fields. Whatever is no line of the log stays as it is.
 */
export function terminalLine(line: string): string {
  let read: unknown;
  try {
    read = JSON.parse(line);
  } catch {
    return line;
  }
  if (typeof read !== "object" || read === null) return line;
  const { level, time, message, fields } = read as Readonly<Record<string, unknown>>;
  if (typeof level !== "string" || !(level in colours)) return line;
  const colour = colours[level as keyof typeof colours];
  const rest = Object.entries(fields ?? {}).map(
    ([name, value]) => `${styleText("dim", `${name}=`)}${shown(value)}`,
  );
  const said = typeof message === "string" && plain.test(message) ? message : shown(message);
  const at = String(time).slice(11, 19);
  return `${styleText("dim", at)} ${styleText(colour, level.padEnd(5))} ${[said, ...rest].join("  ")}\n`;
}
