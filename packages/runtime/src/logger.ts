import { pino } from "pino";

export type LogFields = Readonly<
  Record<string, string | number | boolean | null | undefined | Error>
>;
export type LogLevel = "debug" | "info" | "warn" | "error";
export type Logger = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

export type LoggerOptions = {
  readonly service: string;
  readonly level?: LogLevel;
  /** UTC milliseconds. */
  readonly now: () => number;
  /** Takes one whole line, line feed included. */
  readonly write: (line: string) => void;
  /** Words before a colon that begin a reference to a person, such as `customer`. */
  readonly privateSchemes?: readonly string[];
};

const textLengthMax = 2_048;

/** Some readers break lines here although JSON does not; DEL and C1 codes reach terminals. */
const breaking = /[\u007f-\u009f\u2028\u2029]/g;
const escapeCode = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * A reference may hold spaces and quotes, so everything after its colon goes, to the end of the
 * line: a log that says too little beats one that leaks.
 */
function redactor(schemes: readonly string[]): (text: string) => string {
  if (schemes.length === 0) return (text) => text;
  const pattern = new RegExp(`\\b(${schemes.join("|")}):[^\\r\\n]+`, "gi");
  return (text) => text.replace(pattern, "$1:[redacted]");
}

/** JSON lines, one per event whatever the fields hold, without references to people. */
export function openLogger(options: LoggerOptions): Logger {
  const redact = redactor(options.privateSchemes ?? []);
  const clean = (text: string): string => {
    // Redacting before cutting: a cut could hide the end of a reference from the pattern.
    const safe = redact(text.length > 64 * 1024 ? text.slice(0, 64 * 1024) : text);
    return safe.length > textLengthMax ? `${safe.slice(0, textLengthMax)}…` : safe;
  };
  const cleanField = (value: LogFields[string]): unknown => {
    if (typeof value === "string") return clean(value);
    if (!(value instanceof Error)) return value;
    const code = "code" in value && typeof value.code === "string" ? value.code : undefined;
    return {
      name: value.name,
      code,
      message: clean(value.message),
      stack: clean(value.stack ?? ""),
      cause: value.cause instanceof Error ? clean(value.cause.message) : undefined,
    };
  };
  const log = pino(
    {
      level: options.level ?? "info",
      base: { service: options.service },
      messageKey: "message",
      timestamp: () => `,"time":"${new Date(options.now()).toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line: string) => options.write(line.replace(breaking, escapeCode)) },
  );
  const at = (level: LogLevel) => {
    return (message: string, fields: LogFields = {}): void => {
      if (!log.isLevelEnabled(level)) return;
      const cleaned: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(fields)) cleaned[name] = cleanField(value);
      // Nested, so that no field can pose as the level, the time or the message.
      log[level](
        Object.keys(cleaned).length === 0 ? {} : { fields: cleaned },
        "%s",
        clean(message),
      );
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
