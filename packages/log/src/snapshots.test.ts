import { openSimulatedDisk, openSimulatedRng, WorldError } from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { openSnapshots } from "./snapshots.ts";

const genesis = "7d1f2a60-54a1-4d8e-9b1c-0f9a4b7f3c21";
const fresh = (seed = 1) => openSimulatedDisk({ rng: openSimulatedRng(seed) });
const snapshot = (position: number, text = `state ${position}`) => ({
  position,
  bytes: Buffer.from(text),
});

async function loadFrom(disk: ReturnType<typeof fresh>) {
  const skipped: string[] = [];
  const options = {
    genesis,
    skipped: (file: string, why: string) => skipped.push(`${file}: ${why}`),
  };
  const snapshots = await openSnapshots("/s", disk.attach(), options);
  const found = await snapshots.load();
  return { position: found?.position ?? null, text: found?.bytes.toString() ?? null, skipped };
}

async function saved(...positions: readonly number[]) {
  const disk = fresh();
  const snapshots = await openSnapshots("/s", disk.attach(), { genesis });
  for (const position of positions) await snapshots.save(snapshot(position));
  return disk;
}

const pathOf = (position: number): string => `/s/${String(position).padStart(16, "0")}.snapshot`;

describe("snapshots", () => {
  test("are none at first; then the newest is loaded and two are kept", async () => {
    expect(await loadFrom(fresh())).toEqual({ position: null, text: null, skipped: [] });
    const disk = await saved(5, 10, 200);
    expect(await loadFrom(disk)).toEqual({ position: 200, text: "state 200", skipped: [] });
    expect(await disk.attach().list("/s")).toHaveLength(2);
  });

  test("of a position saved again are replaced", async () => {
    const disk = await saved(5);
    const snapshots = await openSnapshots("/s", disk.attach(), { genesis });
    await snapshots.save(snapshot(5, "better"));
    expect(await loadFrom(disk)).toMatchObject({ position: 5, text: "better" });
  });

  test("damaged in any byte or cut at any length give way to the one before, and say so", async () => {
    const disk = await saved(5, 9);
    const good = disk.peek(pathOf(9)) ?? Buffer.alloc(0);
    const bad: Buffer[] = [];
    for (let at = 0; at < good.length; at++) {
      const flipped = Buffer.from(good);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      bad.push(flipped, good.subarray(0, at));
    }
    expect(bad.length).toBeGreaterThan(100);
    for (const bytes of [...bad, Buffer.concat([good, Buffer.alloc(1)])]) {
      disk.poke(pathOf(9), bytes);
      const loaded = await loadFrom(disk);
      expect(loaded).toMatchObject({ position: 5, text: "state 5" });
      expect(loaded.skipped).toHaveLength(1);
      expect(loaded.skipped[0]).toContain("0000000000000009.snapshot: ");
    }
  });

  test("of another log are not loaded, and do not push good ones out", async () => {
    const disk = fresh();
    const other = { genesis: "00000000-0000-4000-8000-000000000000" };
    const foreign = await openSnapshots("/s", disk.attach(), other);
    for (const position of [1_000, 1_001]) await foreign.save(snapshot(position));
    expect(await loadFrom(disk)).toMatchObject({ position: null });
    const own = await openSnapshots("/s", disk.attach(), { genesis });
    for (const position of [5, 6]) await own.save(snapshot(position));
    expect(await loadFrom(disk)).toEqual({ position: 6, text: "state 6", skipped: [] });
  });

  test("survive a crash at any call to the disk: the new one or the one before", async () => {
    const seen = new Set<number | null>();
    for (let strike = 1; ; strike++) {
      let armed = false;
      let calls = 0;
      const disk = openSimulatedDisk({
        rng: openSimulatedRng(strike),
        fault: () => {
          if (!armed) return "none";
          calls += 1;
          return calls === strike ? "crash-after" : "none";
        },
      });
      const snapshots = await openSnapshots("/s", disk.attach(), { genesis });
      await snapshots.save(snapshot(1));
      await snapshots.save(snapshot(2));
      armed = true;
      const outcome = await snapshots.save(snapshot(3)).then(
        () => "saved",
        (error: unknown) => error,
      );
      armed = false;
      disk.crash();
      const loaded = await loadFrom(disk);
      expect(loaded.skipped).toEqual([]);
      if (outcome === "saved") {
        expect(loaded).toMatchObject({ position: 3, text: "state 3" });
        break;
      }
      expect(outcome).toMatchObject({ code: "io", cause: expect.any(WorldError) });
      expect([2, 3]).toContain(loaded.position);
      seen.add(loaded.position);
    }
    expect(seen).toEqual(new Set([2, 3]));
  });

  test("that cannot be saved on a full disk say so and leave the last one", async () => {
    const disk = fresh();
    const snapshots = await openSnapshots("/s", disk.attach(), { genesis });
    await snapshots.save(snapshot(1));
    disk.setCapacity(100);
    const saving = snapshots.save(snapshot(2, "x".repeat(500)));
    await expect(saving).rejects.toMatchObject({ code: "disk-full", retryable: true });
    disk.setCapacity(10_000);
    expect(await loadFrom(disk)).toMatchObject({ position: 1 });
    await snapshots.save(snapshot(2));
    expect(await loadFrom(disk)).toMatchObject({ position: 2 });
  });
});
