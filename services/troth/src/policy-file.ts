import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkPolicy, type Policy, parsePolicy } from "@troth/policy";
import { errnoOf } from "@troth/runtime";
import { InputError } from "./exit.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

/** The policy in the tree: no learning, every kind of link. */
export const defaultPolicyPath = join(root, "infra", "policy", "default.yaml");

export async function readPolicyText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const why = errnoOf(error) === "ENOENT" ? "there is no such file" : String(error);
    throw new InputError(`policy ${path}: ${why}`);
  }
}

/** Reads and compiles a policy; a bad one fails with every error, each with line and remedy. */
export async function readPolicy(path: string): Promise<Policy> {
  const text = await readPolicyText(path);
  const parsed = parsePolicy(text);
  if (parsed.ok) return parsed.value;
  throw new InputError(`the policy cannot be used\n${checkPolicy(text, path).text}`);
}
