import { parityOf } from "@troth/resolution";
import type { z } from "zod";
import type { Context } from "./context.ts";
import { amountText } from "./recommendation.ts";
import type { mendingReport } from "./schemas.ts";

const text = (units: number): string => amountText(units) ?? "0.00";

/** What the goodwill went to, and whether like harm was answered alike; null without ways to do so. */
export function mendingReportOf(context: Context): z.infer<typeof mendingReport> | null {
  const { mending } = context.view;
  if (mending === null) return null;
  const now = context.logTime();
  const { currency, fund } = mending.resolutions;
  return {
    outcomes: mending.model.count,
    currency,
    fund: {
      amount: text(fund.amount),
      paid: text(mending.fund.paid(now)),
      left: text(mending.fund.left(now)),
    },
    parity: parityOf(mending.answered).map((one) => ({ ...one })),
  };
}
