import type { ObjectStore } from "@troth/runtime";
import { LakeError } from "./lake-error.ts";

/** Stores an object, or finds the very same one there: then an earlier attempt got this far. */
export async function putSame(store: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  if ((await store.putIfAbsent(key, bytes)) === "created") return;
  const found = await store.get(key);
  if (found?.equals(bytes) === true) return;
  throw new LakeError(
    "different-object",
    `${key} is there already with other content: two lakes write to one place, or it was changed`,
  );
}
