const lineFeed = 10;
const carriageReturn = 13;
const comma = 44;
const quote = 34;
const backslash = 92;
const openBracket = 91;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

const isSpace = (byte: number | undefined): boolean =>
  byte === 32 || byte === 9 || byte === lineFeed || byte === carriageReturn;

function trim(body: Buffer, from: number, to: number): Buffer {
  let start = from;
  let end = to;
  while (start < end && isSpace(body[start])) start += 1;
  while (end > start && isSpace(body[end - 1])) end -= 1;
  return body.subarray(start, end);
}

export type Piece = { readonly line: number; readonly bytes: Buffer };

/** The lines of a body that are not blank, with their numbers from 1. */
export function splitLines(body: Buffer): readonly Piece[] {
  const pieces: Piece[] = [];
  let line = 0;
  for (let start = 0; start < body.length; ) {
    const feed = body.indexOf(lineFeed, start);
    const end = feed === -1 ? body.length : feed;
    line += 1;
    const bytes = trim(body, start, end);
    if (bytes.length > 0) pieces.push({ line, bytes });
    start = end + 1;
  }
  return pieces;
}

/**
 * The elements of a JSON array as they stand in the body, numbered from 1; null when the body is
 * no array. Elements are not parsed, so one that is broken costs only itself, as long as its
 * brackets and quotes are balanced.
 */
export function splitArray(body: Buffer): readonly Piece[] | null {
  const whole = trim(body, 0, body.length);
  const last = whole.length - 1;
  if (last < 1 || whole[0] !== openBracket || whole[last] !== closeBracket) return null;
  const pieces: Piece[] = [];
  let depth = 0;
  let start = 1;
  for (let at = 1; at < last; at++) {
    const byte = whole[at];
    if (byte === quote) {
      const end = endOfString(whole, at + 1, last);
      if (end === -1) return null;
      at = end;
    } else if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) {
      depth -= 1;
      if (depth < 0) return null;
    } else if (byte === comma && depth === 0) {
      pieces.push({ line: pieces.length + 1, bytes: trim(whole, start, at) });
      start = at + 1;
    }
  }
  if (depth !== 0) return null;
  const rest = trim(whole, start, last);
  if (rest.length > 0 || pieces.length > 0) pieces.push({ line: pieces.length + 1, bytes: rest });
  return pieces;
}

/** Position of the quote that ends the string whose content begins at `from`, or -1. */
function endOfString(body: Buffer, from: number, limit: number): number {
  let at = body.indexOf(quote, from);
  while (at !== -1 && at < limit) {
    let slashes = 0;
    while (at - slashes > from && body[at - slashes - 1] === backslash) slashes += 1;
    if (slashes % 2 === 0) return at;
    at = body.indexOf(quote, at + 1);
  }
  return -1;
}
