import type { Snapshot, Snapshots } from "@troth/log";
import { describe, expect, test } from "vitest";
import { openBookmark } from "./bookmark.ts";

function inMemory(): Snapshots & { readonly saves: () => number } {
  let kept: Snapshot | null = null;
  let saves = 0;
  return {
    save: async ({ position, bytes }) => {
      saves += 1;
      kept = { position, bytes: Buffer.from(bytes) };
    },
    load: async () => kept,
    saves: () => saves,
  };
}

describe("where a reader goes on in a log of which its own place says nothing", () => {
  test("is behind what is durable, never behind what is only read", async () => {
    const kept = inMemory();
    let durable = -1;
    const first = await openBookmark(kept, () => durable);
    expect(first.from).toBe(0);
    await first.passed(10, 4);
    await first.passed(20, 9);
    expect(kept.saves()).toBe(0);
    durable = 6;
    await first.passed(30, 12);
    expect((await openBookmark(kept, () => durable)).from).toBe(10);
    durable = 12;
    await first.passed(40, 15);
    expect((await openBookmark(kept, () => durable)).from).toBe(30);
  });

  test("a late copy, lower than what came before, does not hide what lies before it", async () => {
    const kept = inMemory();
    const first = await openBookmark(kept, () => 5);
    await first.passed(10, 9);
    await first.passed(20, 3);
    expect((await openBookmark(kept, () => 5)).from).toBe(0);
  });

  test("is the log's beginning when the effect is not there any more", async () => {
    const kept = inMemory();
    const first = await openBookmark(kept, () => 9);
    await first.passed(10, 9);
    expect((await openBookmark(kept, () => -1)).from).toBe(0);
  });

  test("moves on again once a store that was away for long is back", async () => {
    const kept = inMemory();
    let durable = -1;
    const mark = await openBookmark(kept, () => durable);
    for (let n = 0; n < 3_000; n += 1) await mark.passed(n + 1, n);
    durable = 3_000;
    await mark.passed(3_001, 3_000);
    await mark.passed(3_002, 3_001);
    durable = 3_001;
    await mark.passed(3_003, 3_002);
    expect((await openBookmark(kept, () => durable)).from).toBeGreaterThan(1_000);
    expect(kept.saves()).toBeLessThan(5);
  });
});
