import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { systemDisk } from "./adapters/disk.ts";

const root = mkdtempSync(join(tmpdir(), "troth-lock-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a lock left behind", () => {
  test("by a process that is gone is taken over", async () => {
    const path = join(root, "gone");
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.once("exit", resolve));
    writeFileSync(path, `${child.pid} boot/1 word`);
    const unlock = await systemDisk.lock(path);
    expect(readFileSync(path, "utf8")).toMatch(new RegExp(`^${process.pid} `));
    await unlock();
  });

  test("by a process whose number another one has now is taken over", async () => {
    const path = join(root, "reused");
    writeFileSync(path, `1 other-boot/7 word`);
    await (await systemDisk.lock(path))();
  });

  test("by our own number, as in a container started again, is taken over", async () => {
    const path = join(root, "self");
    writeFileSync(path, `${process.pid} boot/1 word`);
    await (await systemDisk.lock(path))();
  });

  test("half written by a crash is taken over", async () => {
    const path = join(root, "empty");
    writeFileSync(path, "");
    await (await systemDisk.lock(path))();
  });

  test("by a living process is respected, and the process named", async () => {
    const path = join(root, "alive");
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    writeFileSync(path, `${child.pid}`);
    try {
      const attempt = systemDisk.lock(path);
      await expect(attempt).rejects.toMatchObject({ code: "locked" });
      await expect(attempt).rejects.toThrow(String(child.pid));
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("goes to one of many who want it at once, and nothing stays behind", async () => {
    const path = join(root, "many", "lock");
    await systemDisk.makeDir(join(root, "many"));
    writeFileSync(path, `999999999 boot/1 word`);
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => systemDisk.lock(path)));
    const won = tries.filter((outcome) => outcome.status === "fulfilled");
    expect(won).toHaveLength(1);
    expect(readdirSync(join(root, "many"))).toEqual(["lock"]);
  });
});
