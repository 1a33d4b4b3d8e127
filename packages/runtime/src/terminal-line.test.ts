import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { openLogger } from "./logger.ts";
import { terminalLine } from "./terminal-line.ts";

function said(message: string, fields: Record<string, string | number>): string {
  let line = "";
  const logger = openLogger({
    service: "troth",
    now: () => Date.UTC(2024, 0, 2, 3, 4, 5),
    write: (written) => {
      line = terminalLine(written);
    },
  });
  logger.warn(message, fields);
  return line;
}

test("at a terminal a line of the log is read without braces", () => {
  const line = said("alert opened", {
    level: "high",
    revision: 2,
    sentence: "It came late: 3 days.",
  });
  expect(stripVTControlCharacters(line)).toBe(
    '03:04:05 warn  alert opened  level=high  revision=2  sentence="It came late: 3 days."\n',
  );
});

test("a hostile field reaches no terminal's control codes and stays one line", () => {
  const hostile = "a\r\n\u001b[31mred\u2028\u202e\u0007";
  const line = stripVTControlCharacters(said(hostile, { hostile }));
  expect(line.slice(0, -1)).toMatch(/^[\x20-\x7e]*$/);
  expect(line).toContain("\\u001b[31mred");
});

test("what is no line of the log is left as it is", () => {
  for (const line of ["text\n", "3\n", "null\n", '{"level":"loud"}\n'])
    expect(terminalLine(line)).toBe(line);
});
