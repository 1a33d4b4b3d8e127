import { type Logger, openLogger, type StopEvent, systemClock, terminalLine } from "@troth/runtime";

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

const slowMs = 500;

/** How a stop goes: why it is, then only what was slow to close, failed, or was not done in time. */
export const stopTold =
  (log: Logger) =>
  ({ stop, name, ms, error }: StopEvent): void => {
    if (stop === "requested") log.info("stopping", { why: name });
    else if (stop === "closed") {
      if (ms >= slowMs) log.info("closed slowly", { what: name, ms });
    } else if (stop === "failed")
      log.error("could not be closed", {
        what: name,
        error: error instanceof Error ? error : String(error),
      });
    else log.error("gone before everything was closed", { closing: name, graceMs: ms });
  };
