/** `amount` is decimal text with two to four decimals; at most eleven digits before the point. */
export type Money = { readonly amount: string; readonly currency: string };

const decimal = /^(-?)0*(\d{1,11})(?:\.(\d{1,4}))?$/;

/**
 * The one way an amount is written: `30` and `30.0` are `30.00`, `007.1250` is `7.125`. Null when it
 * is no decimal number or has more than four decimals: rounding money is not the door's business.
 */
export function normalAmount(amount: unknown): string | null {
  if (typeof amount !== "string" && typeof amount !== "number") return null;
  const found = decimal.exec(String(amount));
  if (found === null) return null;
  const fraction = (found[3] ?? "").replace(/0+$/, "").padEnd(2, "0");
  const plain = `${found[2]}.${fraction}`;
  return found[1] === "-" && /[1-9]/.test(plain) ? `-${plain}` : plain;
}

const currencyCode = /^[A-Z]{3}$/;
export const isCurrency = (text: unknown): text is string =>
  typeof text === "string" && currencyCode.test(text);

/** Ten-thousandths as a whole number: exact in a double, because eleven plus four digits are 15. */
export function amountUnits(amount: string): number {
  const point = amount.indexOf(".");
  const fraction = point < 0 ? "" : amount.slice(point + 1);
  return Number(amount.replace(".", "") + "0".repeat(4 - fraction.length));
}

export function amountOf(units: number): string {
  const whole = String(Math.abs(units)).padStart(5, "0");
  const text = `${whole.slice(0, -4)}.${whole.slice(-4, -2)}${whole.slice(-2).replace(/0+$/, "")}`;
  return units < 0 ? `-${text}` : text;
}
