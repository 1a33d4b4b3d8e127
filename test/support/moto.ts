import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noPython, python } from "./python.ts";
import { freePort, startTied } from "./tied.ts";

/** Null when moto's S3 server can be started, else why tests that need one are skipped. */
export const noMoto: string | null = noPython("moto.server", "flask");

export type Moto = { readonly endpoint: string; readonly close: () => Promise<void> };

/** A server that honours conditional puts, with these buckets; it keeps everything in memory. */
export async function startMoto(buckets: readonly string[]): Promise<Moto> {
  const dir = mkdtempSync(join(tmpdir(), "troth-moto-"));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const command = [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)];
  const running = await startTied(command, { log: join(dir, "moto.log") });
  for (let tries = 0; ; tries += 1) {
    try {
      for (const bucket of buckets) await fetch(`${endpoint}/${bucket}`, { method: "PUT" });
      break;
    } catch (error) {
      if (tries > 150) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return {
    endpoint,
    close: async () => {
      await running.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
