import { BadValue, shownKind } from "./moments.ts";

const plain = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/** Digits with a point, at most four decimals; what a half-cent more would mean is not ours to say. */
function normal(text: string): string {
  const [, sign = "", whole = "", part = ""] = plain.exec(text) ?? [];
  if (whole === "") throw new BadValue("an amount that is no plain number");
  const kept = part.replace(/0+$/, "");
  if (kept.length > 4) throw new BadValue("an amount with more than four decimals");
  const digits = kept === "" ? whole : `${whole}.${kept}`;
  return sign === "-" ? `-${digits}` : digits;
}

function amountText(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && Number.isFinite(value)) {
    // A double holds about fifteen digits; what it shows beyond four decimals is its own noise.
    return value.toFixed(4);
  }
  if (typeof value === "string") return value.trim();
  throw new BadValue(`money needs an amount, found ${shownKind(value)}`);
}

export type Amount = { readonly amount: string; readonly currency: string };

/** `money(12.5, "EUR")`, `money("12.50", "EUR")`. */
export const moneyOf = (value: unknown, currency: unknown): Amount => ({
  amount: normal(amountText(value)),
  currency: String(currency),
});

/** `cents(1250, "EUR")`: an amount kept in hundredths. */
export function centsOf(value: unknown, currency: unknown): Amount {
  const units = typeof value === "string" ? Number(value) : Number(value);
  if (!Number.isSafeInteger(units)) {
    throw new BadValue(`cents needs a whole number, found ${shownKind(value)}`);
  }
  const digits = String(Math.abs(units)).padStart(3, "0");
  const text = `${units < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  return { amount: normal(text), currency: String(currency) };
}

/**
 * A number as Avro and Debezium keep decimals: big-endian two's complement bytes (or their base64)
 * and a scale. Gives its digits.
 */
export function decimalOf(value: unknown, scale: unknown): string {
  const places = Number(scale);
  if (!Number.isInteger(places) || places < 0 || places > 18) {
    throw new BadValue("a scale that is no whole number from 0 to 18");
  }
  const bytes =
    typeof value === "string"
      ? Buffer.from(value, "base64")
      : value instanceof Uint8Array
        ? Buffer.from(value)
        : null;
  if (bytes === null || bytes.length === 0 || bytes.length > 32) {
    throw new BadValue(`decimal needs bytes or base64, found ${shownKind(value)}`);
  }
  let number = BigInt(`0x${bytes.toString("hex")}`);
  if ((bytes[0] ?? 0) >= 0x80) number -= 1n << BigInt(8 * bytes.length);
  const digits = (number < 0n ? -number : number).toString().padStart(places + 1, "0");
  const split = digits.length - places;
  const text = places === 0 ? digits : `${digits.slice(0, split)}.${digits.slice(split)}`;
  return number < 0n ? `-${text}` : text;
}

/** `decimalComma("1.234,50")` gives `1234.50`. */
export function commaOf(value: unknown): string {
  if (typeof value !== "string" || !/^[+-]?[\d.]+(?:,\d+)?$/.test(value.trim())) {
    throw new BadValue("a text that is no number with a decimal comma");
  }
  return value.trim().replaceAll(".", "").replace(",", ".");
}
