import { rm } from "node:fs/promises";
import { join } from "node:path";
import { openFileLog, openSnapshots } from "@troth/log";
import { systemDisk, systemRng } from "@troth/runtime";
import { InputError } from "../exit.ts";
import { readMeta, writeMeta } from "./meta.ts";

/**
 * Lets a policy take over in a data folder that nobody runs, from the next fact on and as if it had
 * always held: the next start judges all facts under it, silently until there. Gives the offset.
 */
export async function activateIn(data: string, policy: string): Promise<number> {
  const meta = await readMeta(data);
  if (meta === null) throw new InputError(`${data} is no data folder of start`);
  if (meta.policy === policy) throw new InputError(`policy ${policy} holds in ${data} already`);
  const newGenesis = systemRng.uuid();
  const facts = await openFileLog(join(data, "facts"), systemDisk, { newGenesis });
  try {
    const end = await facts.end();
    const dir = join(data, "snapshots");
    const snapshots = await openSnapshots(dir, systemDisk, { genesis: facts.genesis });
    if (end > 0 && (await snapshots.load())?.position !== end) {
      throw new InputError(
        `${data}: not every fact is judged under policy ${meta.policy} yet; start it once more, and stop it in order`,
      );
    }
    // First, as a snapshot of one policy is none of another; without any it is only judged anew.
    await rm(dir, { recursive: true, force: true });
    await writeMeta(data, { ...meta, policy, since: end });
    return end;
  } finally {
    await facts.close();
  }
}
