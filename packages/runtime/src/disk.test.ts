import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { systemDisk } from "./adapters/disk.ts";
import type { Disk } from "./ports.ts";
import { openSimulatedDisk } from "./simulated/disk.ts";
import { openSimulatedRng } from "./simulated/rng.ts";

const root = mkdtempSync(join(tmpdir(), "troth-disk-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

const disks: readonly (readonly [string, () => Disk])[] = [
  ["the machine's", () => systemDisk],
  ["the simulated", () => openSimulatedDisk({ rng: openSimulatedRng(1) }).attach()],
];

const text = async (disk: Disk, path: string): Promise<string> => {
  const file = await disk.open(path, "read");
  const content = await file.read(0, 1_000);
  await file.close();
  return content.toString();
};

const put = async (disk: Disk, path: string, content: string): Promise<void> => {
  const file = await disk.open(path, "create");
  await file.write(Buffer.from(content), 0);
  await file.sync();
  await file.close();
};

describe.each(disks)("a disk (%s)", (_, open) => {
  const fresh = async () => {
    const disk = open();
    const dir = join(root, `d${folders++}`, "inner");
    await disk.makeDir(dir);
    return { disk, dir };
  };

  test("reads back what was written, short only where the file ends", async () => {
    const { disk, dir } = await fresh();
    const file = await disk.open(`${dir}/a`, "create");
    await file.write(Buffer.from("hello world"), 0);
    await file.write(Buffer.from("W"), 6);
    expect((await file.read(6, 3)).toString()).toBe("Wor");
    expect((await file.read(6, 100)).toString()).toBe("World");
    expect(await file.read(50, 10)).toHaveLength(0);
    expect(await file.size()).toBe(11);
    await file.close();
  });

  test("fills a gap and a regrown end with zeros", async () => {
    const { disk, dir } = await fresh();
    const file = await disk.open(`${dir}/a`, "create");
    await file.write(Buffer.from("abcdef"), 0);
    await file.truncate(2);
    await file.write(Buffer.from("z"), 4);
    expect((await file.read(0, 10)).toString("latin1")).toBe("ab\0\0z");
    await file.close();
  });

  test("creates only what is new and opens only what exists", async () => {
    const { disk, dir } = await fresh();
    await put(disk, `${dir}/a`, "1");
    await expect(disk.open(`${dir}/a`, "create")).rejects.toMatchObject({ code: "exists" });
    await expect(disk.open(`${dir}/b`, "read")).rejects.toMatchObject({ code: "no-such-file" });
    await expect(disk.open(`${dir}/b`, "update")).rejects.toMatchObject({ code: "no-such-file" });
  });

  test("lists files in order, renames over others, removes what may be missing", async () => {
    const { disk, dir } = await fresh();
    for (const name of ["c", "a", "b"]) await put(disk, `${dir}/${name}`, name);
    expect(await disk.list(dir)).toEqual(["a", "b", "c"]);
    await disk.rename(`${dir}/a`, `${dir}/b`);
    await disk.remove(`${dir}/c`);
    await disk.remove(`${dir}/c`);
    await disk.syncDir(dir);
    expect(await disk.list(dir)).toEqual(["b"]);
    expect(await text(disk, `${dir}/b`)).toBe("a");
    expect(await disk.list(`${dir}/nowhere`)).toEqual([]);
  });

  test("has one owner of a lock at a time", async () => {
    const { disk, dir } = await fresh();
    const unlock = await disk.lock(`${dir}/lock`);
    await expect(disk.lock(`${dir}/lock`)).rejects.toMatchObject({ code: "locked" });
    await unlock();
    await (await disk.lock(`${dir}/lock`))();
  });
});

describe("the simulated disk when the power goes", () => {
  const crashed = async (seed: number, work: (disk: Disk) => Promise<void>) => {
    const disk = openSimulatedDisk({ rng: openSimulatedRng(seed) });
    const before = disk.attach();
    await work(before);
    disk.crash();
    return { disk, before };
  };

  test("keeps what was synced under a synced name, whatever the chance", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const { disk } = await crashed(seed, async (before) => {
        await put(before, "/d/a", "kept");
        await before.syncDir("/d");
      });
      expect(disk.peek("/d/a")?.toString()).toBe("kept");
    }
  });

  test("sometimes loses, sometimes tears and sometimes keeps what was not synced", async () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const { disk } = await crashed(seed, async (before) => {
        await put(before, "/d/a", "");
        await before.syncDir("/d");
        const file = await before.open("/d/a", "update");
        await file.write(Buffer.alloc(1_024, 120), 0);
      });
      const left = disk.peek("/d/a") ?? Buffer.alloc(0);
      const good = left.filter((byte) => byte === 120).length;
      seen.add(good === 0 ? "lost" : good === 1_024 ? "kept" : "torn");
    }
    expect([...seen].sort()).toEqual(["kept", "lost", "torn"]);
  });

  test("sometimes loses a name nobody synced", async () => {
    const names = new Set<boolean>();
    for (let seed = 0; seed < 40; seed++) {
      const { disk } = await crashed(seed, (before) => put(before, "/d/a", "x"));
      names.add(disk.peek("/d/a") !== null);
    }
    expect(names).toEqual(new Set([true, false]));
  });

  test("is dead to the process that crashed, and its locks are free", async () => {
    const { disk, before } = await crashed(1, async (alive) => {
      await alive.lock("/d/lock");
    });
    await expect(before.list("/d")).rejects.toMatchObject({ code: "crashed" });
    await disk.attach().lock("/d/lock");
  });

  test("says that it is full after writing what fits", async () => {
    const disk = openSimulatedDisk({ rng: openSimulatedRng(1), capacity: 10 });
    const file = await disk.attach().open("/a", "create");
    await file.write(Buffer.from("123456"), 0);
    const write = file.write(Buffer.from("7890ABC"), 6);
    await expect(write).rejects.toMatchObject({ code: "disk-full", retryable: true });
    expect(disk.peek("/a")?.toString()).toBe("1234567890");
    await file.write(Buffer.from("overwriting"), 0).catch(() => undefined);
    expect(disk.peek("/a")?.toString()).toBe("overwritin");
  });
});
