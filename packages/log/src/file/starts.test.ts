import { type Disk, openSimulatedDisk, openSimulatedRng } from "@troth/runtime";
import { expect, test } from "vitest";
import { openFileLog } from "./file-log.ts";

const newGenesis = "7d1f2a60-54a1-4d8e-9b1c-0f9a4b7f3c21";
const recordBytes = 1_000;
const records = 4_000;

/** A disk that counts what is read from it. */
function counted(disk: Disk): { readonly disk: Disk; readonly take: () => number } {
  let bytes = 0;
  const open: Disk["open"] = async (path, mode) => {
    const file = await disk.open(path, mode);
    return {
      ...file,
      read: async (position, length) => {
        const read = await file.read(position, length);
        bytes += read.length;
        return read;
      },
    };
  };
  const take = (): number => {
    const taken = bytes;
    bytes = 0;
    return taken;
  };
  return { disk: { ...disk, open }, take };
}

async function first(batches: AsyncIterable<readonly { readonly offset: number }[]>) {
  for await (const batch of batches) return batch[0]?.offset;
  return null;
}

const openOn = (disk: Disk) =>
  openFileLog("/log", disk, { newGenesis, segmentBytes: 3 * recordBytes * 1_000 });

test("a few records are read without reading what lies before them", async () => {
  const simulated = openSimulatedDisk({ rng: openSimulatedRng(1) });
  const { disk, take } = counted(simulated.attach());
  const log = await openOn(disk);
  const input = { bytes: Buffer.alloc(recordBytes, 7) };
  for (let n = 0; n < records; n += 10) await log.append(Array(10).fill(input), n);
  take();
  // The tail, and the middle of what this process wrote: no more than is between two known places.
  expect(await first(log.readBatches(records - 10))).toBe(records - 10);
  expect(take()).toBeLessThan(20 * recordBytes);
  expect(await first(log.readBatches(1_503))).toBe(1_503);
  expect(take()).toBeLessThan(800 * recordBytes);
  await log.close();

  // Opened again it has walked its last segment, and knows its places.
  const later = counted(simulated.attach());
  const again = await openOn(later.disk);
  later.take();
  expect(await first(again.readBatches(records - 5))).toBe(records - 5);
  expect(later.take()).toBeLessThan(800 * recordBytes);
  await again.close();
});

test("whoever asks for records from anywhere gets them in order, as one who reads all does", async () => {
  const disk = openSimulatedDisk({ rng: openSimulatedRng(2) }).attach();
  const log = await openFileLog("/log", disk, { newGenesis, segmentBytes: 300_000 });
  for (let n = 0; n < 600; n += 1) {
    const size = 1 + ((n * 7_919) % 4_000);
    await log.append([{ bytes: Buffer.alloc(size, n) }, { bytes: Buffer.from(`${n}`) }], n);
  }
  const all: string[] = [];
  for await (const { offset, stamp, bytes } of log.read(0))
    all.push(`${offset} ${stamp} ${bytes.length}`);
  expect(all).toHaveLength(1_200);
  for (let from = 0; from < 1_200; from += 37) {
    const some: string[] = [];
    for await (const { offset, stamp, bytes } of log.read(from))
      some.push(`${offset} ${stamp} ${bytes.length}`);
    expect(some).toEqual(all.slice(from));
  }
  await log.close();
});
