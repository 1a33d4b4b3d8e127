import { parsePolicy } from "./parse.ts";
import type { PolicyError } from "./problem.ts";

/** What `policy check` prints, and whether the policy can be used. */
export type PolicyCheck = {
  readonly ok: boolean;
  readonly errors: readonly PolicyError[];
  readonly text: string;
};

const lineMax = 160;

/** The line at fault with a mark under the place; long lines are cut around it. */
function excerpt(lines: readonly string[], { line, column }: PolicyError): string {
  const whole = (lines[line - 1] ?? "").replaceAll("\t", " ").trimEnd();
  const from = column > lineMax ? column - 40 : 0;
  const source = whole.slice(from, from + lineMax);
  if (source === "") return "";
  const number = String(line);
  const margin = " ".repeat(number.length);
  return `\n  ${number} | ${source}\n  ${margin} | ${" ".repeat(column - 1 - from)}^`;
}

const told = (file: string, lines: readonly string[], error: PolicyError): string => {
  const place = error.path === "" ? "" : ` (${error.path})`;
  const { line, column, found, expected, remedy } = error;
  return `${file}:${line}:${column}: error: found ${found}, expected ${expected}${place}${excerpt(lines, error)}\n  help: ${remedy}`;
};

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** Errors as a compiler tells them: file, line, column, the line itself with a caret, the remedy. */
export function errorsText(text: string, file: string, errors: readonly PolicyError[]): string {
  const lines = text.split(/\r\n|\n|\r/u);
  const shown = errors.map((error) => told(file, lines, error)).join("\n\n");
  return `${shown}\n\n${file}: ${counted(errors.length, "error")}\n`;
}

/** Reads a policy and tells the outcome as a compiler would: file, line, column, caret, remedy. */
export function checkPolicy(text: string, file = "policy.yaml"): PolicyCheck {
  const result = parsePolicy(text, file);
  if (result.ok) {
    const { name, hash, pledges, noises, advice, links } = result.value;
    const counts = [
      counted(links.length, "link"),
      counted(pledges.length, "pledge"),
      counted(noises.length, "noise"),
      counted(advice.length, "piece", "pieces").concat(" of advice"),
    ].join(", ");
    return { ok: true, errors: [], text: `${file}: ok: ${name} ${hash} (${counts})\n` };
  }
  return { ok: false, errors: result.error, text: errorsText(text, file, result.error) };
}
