import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Files below `folder` (relative to the root) in code-unit order; nothing built or installed. */
export function filesBelow(folder: string, ending: string): readonly string[] {
  const skipped = new Set(["node_modules", "dist", ".troth", "coverage"]);
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const entry of readdirSync(root + path, { withFileTypes: true })) {
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory() && !skipped.has(entry.name)) visit(inside);
      else if (entry.isFile() && entry.name.endsWith(ending)) found.push(inside);
    }
  };
  visit(folder);
  return found.sort();
}

export const textOf = (path: string): string => readFileSync(root + path, "utf8");

/** A slash here begins a regular expression; after a name, number or closing bracket it divides. */
const beforePattern = /(?:^|[([{,;:=!&|?+\-*%<>~^}]|\breturn|\btypeof|\bcase|=>)\s*$/;

/** Position after what begins at `from` and ends with an unescaped `end`. */
function closing(text: string, from: number, end: string): number {
  let at = from;
  let inClass = false;
  while (at < text.length) {
    const sign = text[at];
    if (sign === "\\") at += 1;
    else if (end === "/" && sign === "[") inClass = true;
    else if (end === "/" && sign === "]") inClass = false;
    else if (sign === end && !inClass) return at + 1;
    at += 1;
  }
  return at;
}

/** Position after a template that begins at `from`; code in its gaps is kept by `keep`. */
function afterTemplate(text: string, from: number, keep: (code: string) => void): number {
  let at = from;
  while (at < text.length && text[at] !== "`") {
    if (text[at] === "\\") at += 2;
    else if (text[at] === "$" && text[at + 1] === "{") {
      let depth = 1;
      const begun = at + 2;
      at = begun;
      while (at < text.length && depth > 0) {
        if (text[at] === "`") at = afterTemplate(text, at + 1, keep) - 1;
        else if (text[at] === "{") depth += 1;
        else if (text[at] === "}") depth -= 1;
        at += 1;
      }
      keep(` ${codeOf(text.slice(begun, at - 1))} `);
    } else at += 1;
  }
  return at + 1;
}

/**
 * The code alone: comments gone, strings and patterns emptied, line breaks kept. TypeScript 7 has
 * no parser to call from JavaScript, and what is looked for here needs none.
 */
export function codeOf(text: string): string {
  let code = "";
  let at = 0;
  while (at < text.length) {
    const sign = text[at] ?? "";
    const pair = text.slice(at, at + 2);
    if (pair === "//") {
      const end = text.indexOf("\n", at);
      at = end === -1 ? text.length : end;
    } else if (pair === "/*") {
      const end = text.indexOf("*/", at + 2);
      const comment = text.slice(at, end === -1 ? text.length : end + 2);
      code += comment.replace(/[^\n]/g, "");
      at += comment.length;
    } else if (sign === '"' || sign === "'") {
      at = closing(text, at + 1, sign);
      code += '""';
    } else if (sign === "`") {
      at = afterTemplate(text, at + 1, (gap) => {
        code += gap;
      });
      code += '""';
    } else if (sign === "/" && beforePattern.test(code.slice(-40))) {
      at = closing(text, at + 1, "/");
      code += "/_/";
    } else {
      code += sign;
      at += 1;
    }
  }
  return code;
}

/** What the code does not contain: comments only, for rules about what may be written in them. */
export const commentsOf = (text: string): string =>
  [...text.matchAll(/(?:^|\s)\/\/[^\n]*|\/\*[\s\S]*?\*\//g)].map((match) => match[0]).join("\n");

export type Import = { readonly from: string; readonly typeOnly: boolean };

/** Every module a file names, exports from and dynamic imports too. */
export function importsOf(text: string): readonly Import[] {
  const shape =
    /^\s*(?:import|export)\s+(type\s)?[^"';]*?from\s+"([^"]+)"|^\s*import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;
  return [...text.matchAll(shape)].map((match) => ({
    from: match[2] ?? match[3] ?? match[4] ?? "",
    typeOnly: match[1] !== undefined,
  }));
}
