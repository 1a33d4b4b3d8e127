import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { codeOf, filesBelow, root, textOf } from "../support/source.ts";

const isProduct = (path: string): boolean =>
  !/(?:\.test|\.fixture|\.bench|\.arbitrary|\/fixture|\/generate)\.ts$/.test(path) &&
  !path.includes("/src/sim/");
const product = ["packages", "services"]
  .flatMap((group) => filesBelow(group, ".ts"))
  .filter((path) => path.includes("/src/") && isProduct(path));
const page = filesBelow("services/desk/assets", ".js");

/** `path: what` for every place outside of comments that the pattern is found at. */
const places = (paths: readonly string[], pattern: RegExp, of = textOf): readonly string[] =>
  paths.flatMap((path) =>
    [...of(path).matchAll(new RegExp(pattern, "g"))].map((found) => `${path}: ${found[0]}`),
  );
const code = (path: string): string => codeOf(textOf(path));

const tableShape = z.record(
  z.string(),
  z.object({ dependencies: z.record(z.string(), z.unknown()).optional() }),
);
const lockShape = z.object({ importers: tableShape, snapshots: tableShape });

/** Names of every library that runs in the product, whoever brings it. */
function runtimeLibraries(): ReadonlySet<string> {
  const lock = lockShape.parse(parse(textOf("pnpm-lock.yaml")));
  const names = new Set<string>();
  const versionOf = (value: unknown): string =>
    typeof value === "string" ? value : z.object({ version: z.string() }).parse(value).version;
  const visit = (name: string, version: string): void => {
    const key = lock.snapshots[version] === undefined ? `${name}@${version}` : version;
    if (names.has(key)) return;
    names.add(key);
    for (const [next, value] of Object.entries(lock.snapshots[key]?.dependencies ?? {})) {
      visit(next, versionOf(value));
    }
  };
  for (const [importer, { dependencies = {} }] of Object.entries(lock.importers)) {
    if (importer === ".") continue;
    for (const [name, value] of Object.entries(dependencies)) {
      if (!versionOf(value).startsWith("link:")) visit(name, versionOf(value));
    }
  }
  return new Set([...names].map((one) => one.replace(/(?!^)@[^@/]*(?:\(.*)?$/, "")));
}

describe("what the product could be talked into", () => {
  test("there is no interpreter of directories, paths, mail, templates or graphs to inject into", () => {
    const libraries = runtimeLibraries();
    expect(libraries.size).toBeGreaterThan(40);
    expect(libraries).toContain("fastify");
    const spoken =
      /ldap|xpath|xslt|latex|jndi|memcache|memjs|mailer|smtp|imap|graphql|socket\.io|^ws$|websocket|handlebars|^ejs$|^pug$|mustache|nunjucks|markdown|showdown|wysiwyg|mysql|^pg$|mongo|sqlite|knex|sequelize/i;
    expect([...libraries].filter((name) => spoken.test(name))).toEqual([]);
    // The pattern would have found one.
    expect(["ldapjs", "ws", "graphql-yoga", "nodemailer"].every((name) => spoken.test(name))).toBe(
      true,
    );
  });

  test("text never becomes code, a command, a pattern or a native library", () => {
    const running =
      /\beval\(|new Function\b|\bexecFile\w*\(|\bexecSync\(|\bspawn\w*\(|process\.dlopen|process\.binding/;
    expect(places(product, running, code)).toEqual([]);
    const modules = /"node:(?:vm|child_process|repl|inspector)"/;
    // One process is started, of a file of our own; what it is to do is told to it, never on a command line.
    expect(places(product, modules).map((one) => one.split(":")[0])).toEqual([
      "services/troth/src/backtest/beside.ts",
    ]);
    expect(places(product, /\bfork\((?!entry, \{)/, code)).toEqual([]);
    // One pattern is made of words of our own, which hold no special character.
    expect(places(product, /new RegExp\(/, code).map((one) => one.split(":")[0])).toEqual([
      "packages/runtime/src/logger.ts",
    ]);
  });

  test("the page makes text and elements only, hears no other window and keeps nothing of a customer", () => {
    const markup =
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|setHTML/;
    expect(places(page, markup, code)).toEqual([]);
    expect(places(page, /postMessage|"message"|importScripts|new Worker|\beval\(/, code)).toEqual(
      [],
    );
    expect(places(page, /sessionStorage|indexedDB|document\.cookie|caches\./, code)).toEqual([]);
    // Whether letters are commands is all that stays in a browser.
    expect(new Set(places(page, /localStorage/, code).map((one) => one.split(":")[0]))).toEqual(
      new Set(["services/desk/assets/keys.js"]),
    );
    expect(
      places(page, /https?:\/\/(?!127\.0\.0\.1)[\w.]+/).filter((one) => !one.includes("w3.org")),
    ).toEqual([]);
  });

  test("hashes are SHA-256 and ciphers AES-256-GCM throughout, and random names come from the system", () => {
    const used = places(product, /create(?:Hash|Hmac|Sign|Verify)\(\s*"[^"]+"/);
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((one) => !/"sha256"$/.test(one))).toEqual([]);
    const ciphers = places(product, /create(?:Cipher|Decipher)iv\(\s*[^,]+/);
    expect(ciphers.length).toBeGreaterThan(0);
    expect(ciphers.filter((one) => !/\(cipher$/.test(one))).toEqual([]);
    const named = places(product, /"(?:aes|chacha|des3?|des-ede3?|rc4|bf)(?:-[\w-]+)?"/i);
    expect(new Set(named.map((one) => one.split(": ")[1]))).toEqual(new Set(['"aes-256-gcm"']));
    // The one place of chance: what nobody may guess is made of its UUIDs, two of them each.
    expect(places(product, /Math\.random/, code)).toEqual([
      "packages/runtime/src/adapters/rng.ts: Math.random",
    ]);
    expect(places(product, /rng\.next\(/, code).filter((one) => /desk|notify/.test(one))).toEqual(
      [],
    );
    expect(places(product, /timingSafeEqual\(/, code).length).toBeGreaterThanOrEqual(3);
  });

  test("no secret stands in the tree, and none but its shape in what is deployed", () => {
    const all = ["packages", "services", "infra", "schemas"].flatMap((folder) => [
      ...filesBelow(folder, ".ts").filter(isProduct),
      ...filesBelow(folder, ".yaml"),
      ...filesBelow(folder, ".json"),
    ]);
    const secret =
      /-----BEGIN [A-Z ]*PRIVATE KEY|whsec_[A-Za-z0-9+/]{32}|AKIA[0-9A-Z]{16}|password:\s*["'][^"'$]/;
    expect(places(all, secret)).toEqual([]);
  });

  test("certificates are always checked, and no check can be switched off", () => {
    const off =
      /rejectUnauthorized:\s*false|NODE_TLS_REJECT|checkServerIdentity|secureProtocol|minVersion:\s*"TLSv1(?:\.1)?"/;
    expect(places(product, off)).toEqual([]);
    const deployed = [...filesBelow("infra", ".yaml"), "infra/Dockerfile"];
    expect(places(deployed, off)).toEqual([]);
  });
});

describe("the table of what OWASP's standard asks", () => {
  const rows = textOf("infra/security/asvs.md")
    .split("\n")
    .flatMap((line) => {
      const [, id, level, asked, held] =
        /^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+) \|$/.exec(line) ?? [];
      return id === undefined ? [] : [{ id, level, asked: asked ?? "", held: held ?? "" }];
    });
  const chapters: Readonly<Record<string, readonly number[]>> = {
    // How many requirements of levels 1 and 2 each section has, in order.
    "1": [2, 9, 11, 3, 2],
    "2": [3, 3, 4, 1],
    "3": [0, 2, 4, 6, 5, 0, 2],
    "4": [3, 1, 2, 4],
    "8": [2, 3, 1, 1],
    "11": [2, 3, 3, 3, 1, 1, 0],
    "12": [3, 2, 4],
    "13": [1, 5, 2, 5],
    "14": [2, 4, 3],
    "15": [3, 3, 7],
    "16": [1, 5, 4, 3, 3],
  };
  const testIn = (held: string): readonly (readonly [path: string, title: string])[] =>
    [...held.matchAll(/`([\w./-]+\.test\.ts)` “([^”]+)”/g)].map(
      ([, path = "", title = ""]) => [path, title] as const,
    );

  test("has a row for every requirement of the first two levels, each held by a test, a page or a reason", () => {
    for (const [chapter, counts] of Object.entries(chapters)) {
      for (const [place, count] of counts.entries()) {
        const section = `${chapter}.${place + 1}.`;
        const ids = rows.filter(({ id }) => id.startsWith(section)).map(({ id }) => id);
        expect(new Set(ids).size, section).toBe(count);
        expect(ids.length, section).toBe(count);
      }
    }
    expect(
      rows.every(({ held }) => /^(?:`[\w./-]+\.test\.ts` “|page: |why: |open: )/.test(held)),
    ).toBe(true);
  });

  test("names tests that exist, and its own share of rows held by one is printed", () => {
    const missing = rows.flatMap(({ id, held }) =>
      testIn(held).flatMap(([path, title]) =>
        textOf(path).replaceAll('\\"', '"').includes(title) ? [] : [`${id}: ${path} ${title}`],
      ),
    );
    expect(missing).toEqual([]);
    const pages = rows.flatMap(({ id, held }) =>
      [...held.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].flatMap(([, path = ""]) => {
        const at = new URL(path, `file://${root}infra/security/`).pathname.slice(root.length);
        return textOf(at).length > 0 ? [] : [id];
      }),
    );
    expect(pages).toEqual([]);
    const share = (kind: RegExp): number => rows.filter(({ held }) => kind.test(held)).length;
    const [tests, byPage, why, open] = [/^`/, /^page:/, /^why:/, /^open:/].map(share);
    process.stdout.write(
      `ASVS 5.0, levels 1 and 2: ${rows.length} rows, ${tests} by test (${Math.round((100 * (tests ?? 0)) / rows.length)} %), ${byPage} by page, ${why} not ours, ${open} open\n`,
    );
    // As many as there are now: a row that loses its test is noticed.
    expect(tests).toBeGreaterThanOrEqual(122);
  });
});
