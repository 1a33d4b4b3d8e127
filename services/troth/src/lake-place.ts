import { stat } from "node:fs/promises";
import { type ObjectStore, openFolderStore } from "@troth/runtime";
import { InputError } from "./exit.ts";

/** A lake as people name it. */
export const lakeArgument = "a folder";

const isFolder = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
};

/** The store behind the name of a lake that is to be read; a folder must be there already. */
export async function openLakeToRead(place: string): Promise<ObjectStore> {
  if (!(await isFolder(place))) {
    throw new InputError(
      `lake ${place}: there is no such folder; replay --lake or start writes one`,
    );
  }
  return openFolderStore(place);
}

/** The store behind the name of a lake that is to be written. */
export const openLakeToWrite = (place: string): Promise<ObjectStore> => openFolderStore(place);
