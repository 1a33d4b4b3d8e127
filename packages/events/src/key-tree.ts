import { createHmac } from "node:crypto";

/**
 * Keys of any number of people in a few seeds (a tree after Goldreich, Goldwasser and Micali): the key
 * of a path of hex digits is worked out from the seed of any beginning of it. Erasing a path replaces
 * that seed by those of all other branches beside the path, from which its key can not be worked out.
 * So nobody writes anything when a person is first seen, and what is kept grows with erasures alone.
 */
export type KeyTree = ReadonlyMap<string, Buffer>;

/** Branches of a node, and therefore hex digits a level. */
export const childrenMax = 16;

const child = (seed: Buffer, digit: string): Buffer =>
  createHmac("sha256", seed).update(digit).digest();

/** The longest beginning of the path that has a seed; null when it was erased. */
function rootOf(tree: KeyTree, path: string): string | null {
  for (let length = 0; length <= path.length; length += 1) {
    const prefix = path.slice(0, length);
    if (tree.has(prefix)) return prefix;
  }
  return null;
}

/** The key of a path; null once it was erased. */
export function keyIn(tree: KeyTree, path: string): Buffer | null {
  const root = rootOf(tree, path);
  let seed = root === null ? undefined : tree.get(root);
  if (root === null || seed === undefined) return null;
  for (const digit of path.slice(root.length)) seed = child(seed, digit);
  return seed;
}

/** The tree from which everything but this path can be worked out as before. */
export function eraseFrom(tree: KeyTree, path: string): KeyTree {
  const root = rootOf(tree, path);
  let seed = root === null ? undefined : tree.get(root);
  if (root === null || seed === undefined) return tree;
  const left = new Map(tree);
  left.delete(root);
  for (let length = root.length; length < path.length; length += 1) {
    const own = path[length] ?? "";
    for (let branch = 0; branch < childrenMax; branch += 1) {
      const digit = branch.toString(childrenMax);
      if (digit !== own) left.set(path.slice(0, length) + digit, child(seed, digit));
    }
    seed = child(seed, own);
  }
  return left;
}
