import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { codeOf, commentsOf, filesBelow, importsOf, root, textOf } from "./support/source.ts";

const rooms = ["packages", "services"].flatMap((group) =>
  readdirSync(root + group).map((name) => `${group}/${name}`),
);
const isTest = (path: string): boolean => path.endsWith(".test.ts");
/** Code that runs in the product; fixtures beside tests are part of the tests. */
const isProduct = (path: string): boolean =>
  !isTest(path) && !/(?:^|\/)(?:fixture|[\w-]+\.(?:fixture|bench|arbitrary))\.ts$/.test(path);

const sources = rooms.flatMap((room) => filesBelow(`${room}/src`, ".ts"));
const everything = [...sources, ...filesBelow("test", ".ts")];
const product = sources.filter(isProduct);
const roomOf = (path: string): string => path.split("/").slice(0, 2).join("/");

const codes = new Map(everything.map((path) => [path, codeOf(textOf(path))]));
const code = (path: string): string => codes.get(path) ?? "";

/** `path:line: what` for every place the pattern is found in code. */
function places(paths: readonly string[], pattern: RegExp): readonly string[] {
  return paths.flatMap((path) =>
    code(path)
      .split("\n")
      .flatMap((line, place) => {
        const found = pattern.exec(line);
        return found === null ? [] : [`${path}:${place + 1}: ${found[0].trim()}`];
      }),
  );
}

describe("the reader of sources that these rules rest on", () => {
  test("drops comments, strings, templates and patterns, and keeps the code in their gaps", () => {
    expect(codeOf('a; // Date.now()\nb /* any */ + "as any"')).toBe('a; \nb  + ""');
    const dollar = "$";
    const nested = `\`Date.now() ${dollar}{ call(\`x ${dollar}{y}\`) } any\``;
    expect(codeOf(nested)).toContain("call(");
    expect(codeOf(nested)).not.toMatch(/any|Date/);
    expect(codeOf("x = /[/]Date.now/g.test(y) / 2")).toBe("x = /_/g.test(y) / 2");
    expect(codeOf("it's /* not a string'")).not.toContain("not");
  });

  test("finds every way a module is named", () => {
    const text =
      'import { a } from "x";\nimport type { b } from "y";\nexport * from "z";\nawait import("w");\nimport {\n  c,\n} from "v";';
    expect(importsOf(text).map((one) => one.from)).toEqual(["x", "y", "z", "w", "v"]);
    expect(importsOf(text).map((one) => one.typeOnly)).toEqual([false, true, false, false, false]);
  });
});

describe("imports point one way", () => {
  /** What a package may know of the others; a service may know every package, and no service. */
  const known: Readonly<Record<string, readonly string[]>> = {
    "packages/events": [],
    "packages/runtime": [],
    "packages/policy": ["events"],
    "packages/engine": ["events", "policy"],
    "packages/oracle": ["events", "policy"],
    "packages/truth": ["events", "policy"],
    "packages/resolution": ["events", "policy"],
    "packages/log": ["events", "runtime"],
  };
  const packages = Object.keys(known).map((path) => path.replace("packages/", ""));
  const allowed = (room: string): readonly string[] =>
    room === "services/troth"
      ? rooms.map((one) => one.split("/")[1] ?? "")
      : (known[room] ?? packages);

  test.each(rooms)("%s imports only what its layer may know", (room) => {
    expect(
      room.startsWith("services/") || known[room] !== undefined,
      "a package not listed here",
    ).toBe(true);
    const wrong = filesBelow(`${room}/src`, ".ts").flatMap((path) =>
      importsOf(textOf(path))
        .filter(({ from }) => from.startsWith("@troth/"))
        .map(({ from }) => from.replace("@troth/", ""))
        .filter((name) => !allowed(room).includes(name))
        .map((name) => `${path}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test("no room reaches into another by a path", () => {
    const wrong = sources.flatMap((path) =>
      importsOf(textOf(path))
        .filter(({ from }) => from.startsWith("."))
        .map(({ from }) => new URL(from, `file:///${path}`).pathname.slice(1))
        .filter((target) => roomOf(target) !== roomOf(path) || !target.includes("/src/"))
        .map((target) => `${path}: ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("relative imports end in the name of the file they mean", () => {
    const wrong = everything.flatMap((path) =>
      importsOf(textOf(path))
        .filter(({ from }) => from.startsWith(".") && !/\.(?:ts|json)$/.test(from))
        .map(({ from }) => `${path}: ${from}`),
    );
    expect(wrong).toEqual([]);
  });

  test("a room declares every other room it imports", () => {
    const wrong = rooms.flatMap((room) => {
      const { dependencies, devDependencies } = manifest(`${room}/package.json`);
      return filesBelow(`${room}/src`, ".ts").flatMap((path) =>
        importsOf(textOf(path))
          .filter(({ from }) => from.startsWith("@troth/"))
          .filter(
            ({ from }) =>
              dependencies[from] === undefined &&
              (isProduct(path) || devDependencies[from] === undefined),
          )
          .map(({ from }) => `${path}: ${from}`),
      );
    });
    expect(wrong).toEqual([]);
  });
});

type Exceptions = Readonly<Record<string, string>>;
const except = (paths: readonly string[], exceptions: Exceptions): readonly string[] =>
  paths.filter((path) => !Object.keys(exceptions).some((one) => path.startsWith(one)));

const clock =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\b|\bsetTimeout\b|\bsetInterval\b|\bhrtime\b/;
const chance = /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/;
const outside = [
  "fs",
  "fs/promises",
  "net",
  "http",
  "https",
  "http2",
  "dgram",
  "dns",
  "child_process",
  "worker_threads",
  "os",
  "tls",
];

const opensWorld = (paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) =>
    importsOf(textOf(path))
      .filter(({ from, typeOnly }) => !typeOnly && outside.includes(from.replace("node:", "")))
      .map(({ from }) => `${path}: ${from}`),
  );

describe("judging is a function of the log alone", () => {
  const judging = [
    "packages/events",
    "packages/policy",
    "packages/engine",
    "packages/oracle",
    "packages/truth",
    "services/identity",
  ];
  const tools: Exceptions = {
    "packages/events/src/generate.ts": "writes the schemas; run by hand, never by the product",
    "packages/policy/src/generate.ts": "writes the policy's documentation; run by hand",
  };
  const pure = except(
    product.filter((path) => judging.includes(roomOf(path))),
    tools,
  );

  test("it reads no clock and draws no numbers", () => {
    expect(pure.length).toBeGreaterThan(50);
    expect(places(pure, clock)).toEqual([]);
    expect(places(pure, chance)).toEqual([]);
  });

  test("it opens no file and no socket, asks the process nothing, and waits for nothing", () => {
    expect(opensWorld(pure)).toEqual([]);
    expect(places(pure, /\bprocess\s*\.|\bfetch\s*\(/)).toEqual([]);
    expect(places(pure, /\basync\b|\bawait\b|\bPromise\b/)).toEqual([]);
  });

  test("it uses no arithmetic that may differ between machines", () => {
    const exceptions: Exceptions = {
      "packages/engine/src/decay.ts":
        "powers of two below 2^31, exact wherever numbers are doubles",
    };
    const inexact = /\bMath\.(?:pow|exp|expm1|log\w*|sqrt|cbrt|sin|cos|tan|hypot)\b/;
    expect(places(pure, inexact)).toEqual([]);
    // Powers of BigInt are exact by definition.
    expect(places(except(pure, exceptions), /\*\*(?!\s*\d+n\b)/)).toEqual([]);
  });

  test("it depends on no locale, and on the table of time zones only while a policy is compiled", () => {
    const compiling: Exceptions = {
      "packages/policy/src/zone.ts": "makes the table of offsets that judging then reads",
      "packages/policy/src/sections.ts": "names near zones when one is misspelt",
    };
    expect(places(pure, /\btoLocale\w+|\blocaleCompare\b/)).toEqual([]);
    expect(places(except(pure, compiling), /\bIntl\b/)).toEqual([]);
  });
});

describe("the world comes in by the adapters", () => {
  const adapters: Exceptions = {
    "packages/runtime/src/adapters/": "they are the adapters",
    "packages/events/src/generate.ts": "a developer's tool",
    "packages/policy/src/generate.ts": "a developer's tool",
  };
  const rest = except(product, adapters);

  test("nobody else reads the clock", () => {
    const exceptions: Exceptions = {
      "services/troth/src/start.ts":
        "paces the demonstration; what is judged carries its own times",
      "services/desk/src/assets/": "runs in the reader's browser",
      "services/desk/assets/": "runs in the reader's browser",
    };
    expect(places(except(rest, exceptions), clock)).toEqual([]);
  });

  test("nobody else draws random numbers", () => {
    expect(places(rest, chance)).toEqual([]);
  });

  test("nobody else opens files and sockets but the process itself, and who serves files of its own", () => {
    const exceptions: Exceptions = {
      "services/troth/": "the process: it owns its arguments, its folder and its output",
      "services/desk/": "serves the page's own files and listens",
      "services/lake/": "reads back the files it wrote, for verifying them",
    };
    expect(opensWorld(except(rest, exceptions))).toEqual([]);
  });
});

describe("the language is the strict one", () => {
  test("nothing is any, no enum, no interface, no namespace", () => {
    expect(places(everything, /(?:[:<|&]|\bas)\s*any\b(?!\s*[(:.-])|\bany\[\]/)).toEqual([]);
    expect(
      places(
        everything,
        /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?(?:enum|interface|namespace)\s+\w/,
      ),
    ).toEqual([]);
  });

  test("nothing is exported by default", () => {
    const configured = everything.filter((path) => !path.endsWith("config.ts"));
    expect(places(configured, /\bexport\s+default\b/)).toEqual([]);
  });

  test("no errand is left in a comment, and no compiler is silenced", () => {
    const errand = new RegExp(
      ["TO", "DO|FIX", "ME|XX", "X|@ts-", "ignore|@ts-no", "check|eslint-dis", "able"].join(""),
    );
    const left = everything.filter((path) => errand.test(commentsOf(textOf(path))));
    expect(left).toEqual([]);
  });

  test("no scratch file is left behind, and names are in kebab-case", () => {
    const names = everything.map((path) => path.split("/").at(-1) ?? "");
    expect(names.filter((name) => /^(?:zz|tmp|scratch)/.test(name))).toEqual([]);
    expect(
      names.filter((name) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)?\.ts$/.test(name)),
    ).toEqual([]);
  });
});

describe("tests are written to be read", () => {
  const titles = everything
    .filter(isTest)
    .flatMap((path) =>
      [
        ...textOf(path).matchAll(
          /^\s*(?:test|it)(?:\.\w+)*(?:\([^()"]*\))*\(\s*"((?:[^"\\]|\\.)+)"/gm,
        ),
      ].map((match) => ({ path, title: match[1] ?? "" })),
    );

  /** The sentence stands in the table the test is run over. */
  const fromTable = /^[%$]\w/;

  test("every title is a sentence, not a label and not a wish", () => {
    expect(titles.length).toBeGreaterThan(100);
    const labels = titles.filter(
      ({ title }) =>
        (title.split(/\s+/).length < 3 && !fromTable.test(title)) || /^should\b/.test(title),
    );
    expect(labels).toEqual([]);
  });

  test("no test is switched off or run alone", () => {
    expect(
      places(everything.filter(isTest), /\b(?:test|it|describe)\.(?:only|todo)\b|\bxit\b/),
    ).toEqual([]);
  });
});

type Manifest = {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
};

function manifest(path: string): Manifest {
  const { dependencies = {}, devDependencies = {}, scripts = {} } = JSON.parse(textOf(path));
  return { dependencies, devDependencies, scripts };
}

describe("what is installed is known", () => {
  const manifests = ["package.json", ...rooms.map((room) => `${room}/package.json`)];

  test("every dependency is pinned to one version", () => {
    const loose = manifests.flatMap((path) => {
      const { dependencies, devDependencies } = manifest(path);
      return Object.entries({ ...dependencies, ...devDependencies })
        .filter(([, version]) => !/^(?:workspace:\*|\d+\.\d+\.\d+(?:-[\w.]+)?)$/.test(version))
        .map(([name, version]) => `${path}: ${name} ${version}`);
    });
    expect(loose).toEqual([]);
  });

  test("a library has one version in all rooms", () => {
    const versions = new Map<string, Set<string>>();
    for (const path of manifests) {
      const { dependencies, devDependencies } = manifest(path);
      for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
        versions.set(name, (versions.get(name) ?? new Set()).add(version));
      }
    }
    const several = [...versions].filter(([, found]) => found.size > 1);
    expect(several.map(([name, found]) => `${name}: ${[...found].join(", ")}`)).toEqual([]);
  });

  test("nothing runs at install, ours or anybody's", () => {
    const hooks = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
    const ours = manifests.filter((path) =>
      hooks.some((hook) => manifest(path).scripts[hook] !== undefined),
    );
    expect(ours).toEqual([]);
    const allowed =
      /^allowBuilds:\n((?: {2}.*\n?)*)/m.exec(textOf("pnpm-workspace.yaml"))?.[1] ?? "";
    expect(allowed).not.toMatch(/:\s*true/);
  });

  test("runtime libraries are few, and their number is printed", () => {
    const names = new Set(
      rooms.flatMap((room) => Object.keys(manifest(`${room}/package.json`).dependencies)),
    );
    const libraries = [...names].filter((name) => !name.startsWith("@troth/")).sort();
    process.stdout.write(`${libraries.length} direct runtime libraries: ${libraries.join(", ")}\n`);
    // The wish is twelve; this catches one that slips in unnoticed.
    expect(libraries.length).toBeLessThanOrEqual(24);
  });
});

test("files longer than the house wishes are printed, not forbidden", () => {
  const long = everything
    .map((path) => ({ path, lines: textOf(path).split("\n").length }))
    .filter(({ lines }) => lines > 250)
    .sort((a, b) => b.lines - a.lines);
  for (const { path, lines } of long) process.stdout.write(`${path}: ${lines} lines\n`);
  expect(long.filter(({ lines }) => lines > 600)).toEqual([]);
});
