/** A pseudonym: these take half a byte a digit. */
const hexDigits = 24;
const hexBytes = hexDigits / 2;

const nibble = (code: number): number =>
  code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1;

/** Code of a hexadecimal digit. */
const digitOf = (value: number): number => value + (value < 10 ? 48 : 87);

function isPseudonym(key: string): boolean {
  if (key.length !== hexDigits) return false;
  for (let i = 0; i < hexDigits; i += 1) if (nibble(key.charCodeAt(i)) < 0) return false;
  return true;
}

/** FNV-1a over the code units, step by step. */
export const hashStart = 0x811c9dc5;
export const hashStep = (hash: number, unit: number): number => Math.imul(hash ^ unit, 0x01000193);
/** The low bits choose the place in a table, so the high ones are folded in. */
export const hashEnd = (hash: number): number => (hash ^ (hash >>> 15)) >>> 0;

export function hashOf(key: string): number {
  let hash = hashStart;
  for (let i = 0; i < key.length; i += 1) hash = hashStep(hash, key.charCodeAt(i));
  return hashEnd(hash);
}

/** `hashOf` of the key written at `start`, without reading it. */
export function hashOfKey(bytes: Buffer, start: number): number {
  if (bytes[start] !== 0) return hashOf(readKey(bytes, start));
  let hash = hashStart;
  for (let i = start + 1; i <= start + hexBytes; i += 1) {
    const byte = bytes[i] ?? 0;
    hash = hashStep(hashStep(hash, digitOf(byte >> 4)), digitOf(byte & 15));
  }
  return hashEnd(hash);
}

/** Bytes `writeKey` needs. */
export const keySize = (key: string): number =>
  isPseudonym(key) ? 1 + hexBytes : 5 + 2 * key.length;

/** Writes a key so that it can be compared without being read; returns where it ends. */
export function writeKey(key: string, bytes: Buffer, start: number): number {
  if (isPseudonym(key)) {
    bytes[start] = 0;
    for (let i = 0; i < hexBytes; i += 1) {
      const high = nibble(key.charCodeAt(2 * i));
      bytes[start + 1 + i] = (high << 4) | nibble(key.charCodeAt(2 * i + 1));
    }
    return start + 1 + hexBytes;
  }
  bytes[start] = 1;
  bytes.writeUInt32LE(key.length, start + 1);
  bytes.write(key, start + 5, "utf16le");
  return start + 5 + 2 * key.length;
}

/** Where the key written at `start` ends. */
export const keyEnd = (bytes: Buffer, start: number): number =>
  bytes[start] === 0 ? start + 1 + hexBytes : start + 5 + 2 * bytes.readUInt32LE(start + 1);

export const readKey = (bytes: Buffer, start: number): string =>
  bytes[start] === 0
    ? bytes.toString("hex", start + 1, start + 1 + hexBytes)
    : bytes.toString("utf16le", start + 5, keyEnd(bytes, start));

export function keyMatches(key: string, bytes: Buffer, start: number): boolean {
  if (bytes[start] !== 0) return readKey(bytes, start) === key;
  if (key.length !== hexDigits) return false;
  for (let i = 0; i < hexBytes; i += 1) {
    const byte = bytes[start + 1 + i] ?? 0;
    if (nibble(key.charCodeAt(2 * i)) !== byte >> 4) return false;
    if (nibble(key.charCodeAt(2 * i + 1)) !== (byte & 15)) return false;
  }
  return true;
}
