import { stat } from "node:fs/promises";
import { isRetryable, type ObjectStore, openFolderStore, openS3Store } from "@troth/runtime";
import { InputError } from "./exit.ts";

/** A lake as people name it. */
export const lakeArgument = "a folder, or s3://bucket/prefix with credentials from the environment";

type Place = { readonly bucket: string; readonly prefix: string };

/** Null for a folder. */
function s3Place(place: string): Place | null {
  if (!place.startsWith("s3:")) return null;
  const found =
    /^s3:\/\/(?<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(?<prefix>[A-Za-z0-9._=/-]*))?$/.exec(
      place,
    )?.groups;
  const bucket = found?.["bucket"];
  if (bucket === undefined) {
    throw new InputError(
      `lake ${place}: give s3://bucket/prefix; the prefix of letters, digits and . _ = - / only`,
    );
  }
  const prefix = (found?.["prefix"] ?? "").replace(/^\/+|\/+$/g, "");
  return { bucket, prefix: prefix === "" ? "" : `${prefix}/` };
}

const isFolder = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
};

/** The store behind the name of a lake that is to be read; a folder must be there already. */
export async function openLakeToRead(place: string): Promise<ObjectStore> {
  const s3 = s3Place(place);
  if (s3 !== null) return openS3Store(s3);
  if (await isFolder(place)) return openFolderStore(place);
  throw new InputError(`lake ${place}: there is no such folder; replay --lake or start writes one`);
}

/**
 * The store behind the name of a lake that is to be written. A server that would overwrite is refused
 * here; one that does not answer is `waited` for by whoever writes.
 */
export async function openLakeToWrite(
  place: string,
  waited: (error: unknown) => void,
): Promise<ObjectStore> {
  const s3 = s3Place(place);
  if (s3 === null) return openFolderStore(place);
  const store = await openS3Store(s3);
  await store.probe().catch((error: unknown) => {
    if (!isRetryable(error)) throw error;
    waited(error);
  });
  return store;
}
