import type { Logger } from "@troth/runtime";
import type { Recoveries } from "./tell/machine.ts";

/** What becomes of the promises alerts open, counted; a failure is a line of the log as well. */
export const recoveryTold = (recoveries: Recoveries, log: Pick<Logger, "error">) => ({
  ...recoveries,
  failed: (error: unknown): void => {
    recoveries.failed();
    log.error("no recovery was promised", { error: String(error) });
  },
});
