import { describe, expect, test } from "vitest";
import { openLogger } from "./logger.ts";

function open() {
  const lines: string[] = [];
  const logger = openLogger({
    service: "intake",
    now: () => Date.UTC(2024, 0, 2),
    write: (line) => lines.push(line),
    privateSchemes: ["customer", "phone"],
  });
  const only = (): Record<string, unknown> => {
    expect(lines).toHaveLength(1);
    return JSON.parse(lines[0] ?? "");
  };
  return { logger, lines, only };
}

describe("the log of a service", () => {
  test("is one JSON object a line with level, time, service, message and fields", () => {
    const { logger, only } = open();
    logger.info("listening", { port: 4318 });
    expect(only()).toEqual({
      level: "info",
      time: "2024-01-02T00:00:00.000Z",
      service: "intake",
      fields: { port: 4318 },
      message: "listening",
    });
  });

  test("stays one line for every character that some reader breaks lines at", () => {
    const hostile = 'a\r\nb\u2028c\u2029d\u0085e\u001b[31mf\u007f\u0000"}\\';
    const { logger, lines, only } = open();
    logger.warn(hostile, { field: hostile });
    const line = lines[0] ?? "";
    expect(line.endsWith("\n")).toBe(true);
    expect(line.slice(0, -1)).toMatch(/^[\x20-\x7e]*$/);
    expect(only()).toMatchObject({ message: hostile, fields: { field: hostile } });
  });

  test("holds no reference to a person, in messages, fields, errors and causes", () => {
    const { logger, lines, only } = open();
    const error = new Error("no customer:Jane Doe here", { cause: new Error("Phone:+49 30 1234") });
    logger.error('bad "customer:42"', { error, about: "see customer:o'Neil, Jane" });
    expect(lines[0]).not.toMatch(/Jane|Doe|Neil|1234|\b42\b/);
    expect(only()).toMatchObject({ message: 'bad "customer:[redacted]' });
  });

  test("is not bent by a field or a format code", () => {
    const { logger, only } = open();
    logger.info("100%s %d %j", { level: "fatal", message: "other", time: 0 });
    expect(only()).toMatchObject({ level: "info", message: "100%s %d %j" });
  });

  test("cuts a field of a megabyte", () => {
    const { logger, lines } = open();
    logger.info("large", { field: "x".repeat(1_000_000) });
    expect((lines[0] ?? "").length).toBeLessThan(4_000);
  });
});
