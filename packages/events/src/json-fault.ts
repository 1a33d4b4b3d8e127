/** Where a text stops being JSON. Engines word this differently, and quote the customer's data. */
export type JsonFault = { readonly at: number; readonly expected: string };

const literal = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

const isSpace = (code: number): boolean =>
  code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

function afterSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** Position after the string whose opening quote stands at `from`, or the fault in it. */
function afterString(text: string, from: number): number | JsonFault {
  for (let at = from + 1; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return { at, expected: "no bare control character inside a text" };
    if (code === 0x5c) {
      escaped.lastIndex = at;
      if (!escaped.test(text)) return { at, expected: "a known escape after the backslash" };
      at = escaped.lastIndex;
    } else at++;
  }
  return { at: text.length, expected: "the closing quote" };
}

function afterScalar(text: string, at: number): number | JsonFault {
  if (text[at] === '"') return afterString(text, at);
  literal.lastIndex = at;
  return literal.test(text) ? literal.lastIndex : { at, expected: "a value" };
}

/** After a key and its colon, or the fault. */
function afterKey(text: string, at: number): number | JsonFault {
  if (text[at] !== '"') return { at, expected: "a name in quotes" };
  const end = afterString(text, at);
  if (typeof end !== "number") return end;
  const colon = afterSpace(text, end);
  return text[colon] === ":" ? afterSpace(text, colon + 1) : { at: colon, expected: "a colon" };
}

/** The first fault, or null if it is JSON. Keeps its own stack: nesting cannot exhaust the machine's. */
export function jsonFault(text: string): JsonFault | null {
  const open: ("[" | "{")[] = [];
  let at = afterSpace(text, 0);
  for (;;) {
    const opener = text[at];
    if (opener === "[" || opener === "{") {
      const inside = afterSpace(text, at + 1);
      if (text[inside] === (opener === "[" ? "]" : "}")) {
        at = inside + 1;
      } else {
        open.push(opener);
        const next = opener === "[" ? inside : afterKey(text, inside);
        if (typeof next !== "number") return next;
        at = next;
        continue;
      }
    } else {
      const end = afterScalar(text, at);
      if (typeof end !== "number") return end;
      at = end;
    }
    const closed = afterValue(text, at, open);
    if (typeof closed !== "number") return closed;
    at = closed;
    if (at === -1) return null;
  }
}

/** Where the next value begins once one ended at `from`; -1 at the end of the text. */
function afterValue(text: string, from: number, open: ("[" | "{")[]): number | JsonFault {
  for (let at = afterSpace(text, from); ; at = afterSpace(text, at + 1)) {
    const innermost = open.at(-1);
    if (innermost === undefined) {
      return at === text.length ? -1 : { at, expected: "the end of the line" };
    }
    if (text[at] === ",") {
      const next = afterSpace(text, at + 1);
      return innermost === "[" ? next : afterKey(text, next);
    }
    if (text[at] !== (innermost === "[" ? "]" : "}")) {
      return { at, expected: innermost === "[" ? "a comma or ]" : "a comma or }" };
    }
    open.pop();
  }
}
