import { type Logger, openLogger, systemClock, terminalLine } from "@troth/runtime";

/** What a service says of itself: JSON lines on stderr, or plain ones where a person sits before it. */
export function openServiceLog(service: string): Logger {
  const readable = process.stderr.isTTY ? terminalLine : (line: string): string => line;
  return openLogger({
    service,
    now: systemClock.now,
    write: (line) => process.stderr.write(readable(line)),
    privateSchemes: ["customer", "order", "phone", "handle", "account", "device", "call"],
  });
}
