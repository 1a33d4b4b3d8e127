/** Castagnoli's polynomial, reflected. */
const polynomial = 0x82f63b78;
const slices = 8;

/** Row k tells what a byte does to the checksum when k further bytes follow it. */
const table = ((): Int32Array => {
  const rows = new Int32Array(slices * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    rows[byte] = crc;
  }
  for (let i = 256; i < rows.length; i += 1) {
    const before = rows[i - 256] ?? 0;
    rows[i] = (before >>> 8) ^ (rows[before & 255] ?? 0);
  }
  return rows;
})();

/** CRC-32C of `bytes[from, to)`, as Kafka checks its batches by; eight bytes a step. */
export function crc32c(bytes: Uint8Array, from: number, to: number): number {
  const t = table;
  const at = (i: number): number => bytes[i] ?? 0;
  let crc = -1;
  let i = from;
  for (; i + slices <= to; i += slices) {
    const low = crc ^ (at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24));
    crc =
      (t[1792 + (low & 255)] ?? 0) ^
      (t[1536 + ((low >>> 8) & 255)] ?? 0) ^
      (t[1280 + ((low >>> 16) & 255)] ?? 0) ^
      (t[1024 + (low >>> 24)] ?? 0) ^
      (t[768 + at(i + 4)] ?? 0) ^
      (t[512 + at(i + 5)] ?? 0) ^
      (t[256 + at(i + 6)] ?? 0) ^
      (t[at(i + 7)] ?? 0);
  }
  for (; i < to; i += 1) crc = (crc >>> 8) ^ (t[(crc ^ at(i)) & 255] ?? 0);
  return ~crc >>> 0;
}
