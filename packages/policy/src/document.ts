import { invariant } from "@troth/events";
import type { CST, Document, Node, Pair } from "yaml";
import {
  Composer,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
} from "yaml";
import type { Placed, PolicyPath, Problem } from "./problem.ts";
import { pathText, shown } from "./problem.ts";

export const policyBytesMax = 256 * 1024;
export const policyDepthMax = 20;
/** Text that is no YAML at all can break on every character; beyond this many nobody reads on. */
const errorsMax = 1_000;

/** A policy's text as plain values, with the way back from a path to its line. */
export type PolicyDocument = {
  /** Mappings have no prototype; keys that could touch one are left out and reported. */
  readonly value: unknown;
  readonly errors: readonly Placed[];
  /** Gives a problem the line and column of its node, or of the nearest one above that exists. */
  readonly locate: (problem: Problem) => Placed;
};

const harmfulKeys = new Set(["__proto__", "constructor", "prototype"]);

type Report = (offset: number, path: PolicyPath, words: Words) => void;
type Words = Pick<Placed, "found" | "expected" | "remedy">;

const startOf = (node: unknown): number | null =>
  isNode(node) && node.range != null ? node.range[0] : null;

/** Plain values of the nodes, each refused construct reported where it stands. */
function plainValues(report: Report): (node: unknown, path: PolicyPath) => unknown {
  const ofKey = (pair: Pair, path: PolicyPath, seen: Set<string>, at: number): string | null => {
    const key = isScalar(pair.key) ? pair.key.value : undefined;
    const where = startOf(pair.key) ?? at;
    if (typeof key !== "string") {
      const remedy = "write the key as a word, in quotes if need be";
      report(where, path, { found: `the key ${shown(key)}`, expected: "a word as key", remedy });
      return null;
    }
    if (harmfulKeys.has(key)) {
      report(where, [...path, key], { found: key, expected: "another name", remedy: "rename it" });
      return null;
    }
    if (seen.has(key)) {
      const found = `\`${key}\` a second time`;
      report(where, [...path, key], {
        found,
        expected: "each key once",
        remedy: "remove or rename one",
      });
      return null;
    }
    seen.add(key);
    return key;
  };
  const visit = (node: unknown, path: PolicyPath, depth: number): unknown => {
    if (node === null || node === undefined) return null;
    const at = startOf(node) ?? 0;
    if (isAlias(node)) {
      const remedy = "write the value out where it is used";
      report(at, path, { found: `the alias *${node.source}`, expected: "a plain value", remedy });
      return null;
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
      const remedy = `remove &${node.anchor}; aliases are not read`;
      report(at, path, { found: `the anchor &${node.anchor}`, expected: "no anchors", remedy });
    }
    if (depth > policyDepthMax) {
      const expected = `at most ${policyDepthMax} levels`;
      report(at, path, { found: "deeper nesting", expected, remedy: "flatten this part" });
      return null;
    }
    if (isMap(node)) {
      const record: Record<string, unknown> = Object.create(null);
      const seen = new Set<string>();
      for (const pair of node.items) {
        const key = ofKey(pair, path, seen, at);
        if (key !== null) record[key] = visit(pair.value, [...path, key], depth + 1);
      }
      return record;
    }
    if (isSeq(node)) return node.items.map((item, i) => visit(item, [...path, i], depth + 1));
    if (!isScalar(node)) return null;
    const { value } = node;
    if (typeof value === "number" && !Number.isFinite(value)) {
      report(at, path, {
        found: shown(value),
        expected: "a finite number",
        remedy: "write digits",
      });
      return null;
    }
    return typeof value === "bigint" ? Number(value) : value;
  };
  return (node, path) => visit(node, path, 0);
}

/** Ends at the first flow bracket that stands too deep: whatever composes the tokens recurses on them. */
function* tokensOf(text: string, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let depth = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === "[" || lexeme === "{") depth += 1;
    else if (lexeme === "]" || lexeme === "}") depth -= 1;
    if (depth > policyDepthMax) throw new RangeError("brackets stand too deep");
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

/** The first document of a text; throws when it is nested too deep. */
function composed(text: string, lines: LineCounter): Document.Parsed | undefined {
  const composer = new Composer({
    uniqueKeys: false,
    prettyErrors: false,
    merge: false,
    logLevel: "silent",
    version: "1.2",
  });
  const documents = composer.compose(tokensOf(text, lines), true, text.length);
  const first = documents.next();
  if (first.done === true) return undefined;
  // Read to its end: what follows may be no YAML, and is named too.
  for (const _ of documents);
  return first.value;
}

type Found = { readonly node: unknown; readonly pair: Pair | null; readonly depth: number };

/** Walks down as far as the path leads. A single value may stand where a list of one is meant. */
function walk(root: unknown, path: PolicyPath): Found {
  let found: Found = { node: root, pair: null, depth: 0 };
  for (const step of path) {
    const { node } = found;
    const depth = found.depth + 1;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && item.key.value === String(step),
      );
      if (pair !== undefined) found = { node: pair.value, pair, depth };
      else if (typeof step === "number") found = { ...found, depth };
      else return found;
    } else if (isSeq(node) && typeof step === "number" && step < node.items.length) {
      found = { node: node.items[step], pair: null, depth };
    } else if (typeof step !== "number") return found;
    else found = { ...found, depth };
  }
  return found;
}

/** Where inside a scalar's source the expression's character stands, seeing through its quoting. */
function offsetWithin(source: string, node: Node, offset: number): number {
  const [from = 0, until = 0] = node.range ?? [];
  const text = isScalar(node) ? String(node.value) : "";
  const raw = source.slice(from, until);
  const whole = raw.indexOf(text);
  if (whole >= 0) return from + whole + offset;
  const lineStart = text.lastIndexOf("\n", Math.max(0, offset - 1)) + 1;
  const before = text
    .slice(0, offset)
    .split(/\s+/u)
    .filter((word) => word !== "");
  const word = /^\S+/u.exec(text.slice(offset))?.[0] ?? before.at(-1) ?? "";
  const line = (text.slice(lineStart).split("\n")[0] ?? "").trim();
  const lineAt = raw.indexOf(line);
  if (line !== "" && lineAt >= 0) {
    const indent = text.slice(lineStart).length - text.slice(lineStart).trimStart().length;
    return from + lineAt + Math.max(0, offset - lineStart - indent);
  }
  const wordAt = word === "" ? -1 : raw.indexOf(word);
  return from + Math.max(0, wordAt);
}

function wholeFile(words: Words): PolicyDocument {
  const error: Placed = { line: 1, column: 1, path: "", ...words };
  return { value: undefined, errors: [error], locate: () => error };
}

/** Reads YAML 1.2 without aliases, tags or surprises. Never throws. */
export function readDocument(text: string): PolicyDocument {
  if (Buffer.byteLength(text) > policyBytesMax) {
    const found = `${Math.ceil(Buffer.byteLength(text) / 1024)} KiB`;
    return wholeFile({ found, expected: "at most 256 KiB", remedy: "split or shorten the policy" });
  }
  const tooDeep = { found: "deeper nesting", expected: `at most ${policyDepthMax} levels` };
  const lines = new LineCounter();
  let document: Document.Parsed | undefined;
  try {
    document = composed(text, lines);
  } catch {
    return wholeFile({ ...tooDeep, remedy: "flatten it" });
  }
  invariant(document !== undefined, "a text has a document, if an empty one");
  const errors: Placed[] = [];
  const report: Report = (offset, path, words) => {
    if (errors.length >= errorsMax) return;
    const { line, col } = lines.linePos(offset);
    errors.push({
      line: Math.max(1, line),
      column: Math.max(1, col),
      path: pathText(path),
      ...words,
    });
  };
  for (const problem of [...document.errors, ...document.warnings]) {
    const found = problem.message.split("\n")[0] ?? "";
    const remedy = "check indentation, quotes and brackets on this line";
    report(problem.pos[0], [], { found, expected: "readable YAML 1.2", remedy });
  }
  const value = plainValues(report)(document.contents, []);
  const locate = (problem: Problem): Placed => {
    const { node, pair, depth } = walk(document.contents, problem.path);
    const missing = depth < problem.path.length;
    const key = startOf(pair?.key);
    let offset = (problem.part === "key" || missing ? key : null) ?? startOf(node) ?? key ?? 0;
    if (problem.offset !== undefined && isNode(node)) {
      offset = offsetWithin(text, node, problem.offset);
    }
    const { line, col } = lines.linePos(offset);
    const { found, expected, remedy } = problem;
    const path = pathText(problem.path);
    return { line: Math.max(1, line), column: Math.max(1, col), path, found, expected, remedy };
  };
  return { value, errors, locate };
}
