import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../../infra/runbooks");

/** What to do about an alert of this name; null where nothing was written. */
export async function runbookText(name: string): Promise<string | null> {
  try {
    return await readFile(join(folder, `${name}.md`), "utf8");
  } catch {
    return null;
  }
}
