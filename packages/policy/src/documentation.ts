import { z } from "zod";
import { gapNames } from "./saying.ts";
import { policyShape } from "./shape.ts";

type Json = Readonly<Record<string, unknown>>;
const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON Schema of a policy file, for editors that complete and check while one writes. */
export function policyJsonSchema(reused: "ref" | "inline" = "ref"): Json {
  const schema = z.toJSONSchema(policyShape, { io: "input", unrepresentable: "any", reused });
  return { title: "A troth policy", ...schema };
}

const plainForms: ReadonlyMap<string, string> = new Map([
  ["string", "text"],
  ["number", "number"],
  ["integer", "whole number"],
  ["boolean", "true or false"],
  ["section", "see below"],
]);

/** What may stand there, in a few words. */
function formOf(schema: unknown): string {
  if (!isJson(schema)) return "anything";
  const { anyOf, type, items, title } = schema;
  if (typeof title === "string") return title;
  const words = schema["enum"];
  if (Array.isArray(words)) return words.map((word) => `\`${String(word)}\``).join(", ");
  if (schema["const"] !== undefined) return `\`${String(schema["const"])}\``;
  if (Array.isArray(anyOf)) return [...new Set(anyOf.map(formOf))].join(" or ");
  if (type === "array") return isJson(items) ? `list of ${formOf(items)}` : "list";
  if (isJson(schema["properties"])) {
    return `{ ${Object.keys(schema["properties"])
      .map((key) => `\`${key}\``)
      .join(" ")} }`;
  }
  if (type === "object") return `names, each with ${formOf(schema["additionalProperties"])}`;
  return plainForms.get(String(type)) ?? "anything";
}

/** Long alternatives of the same thing are described once, below the tables. */
const spelledOut: Readonly<Record<string, string>> = {
  made: "facts, see *Facts*",
  needs: "a fact, see *Facts*",
  kept: "facts, see *Facts*",
  broken: "facts, see *Facts*",
  withdrawn: "facts, see *Facts*",
  paused: "facts, see *Facts*",
  resumed: "facts, see *Facts*",
  risk: "facts, see *Facts*",
  confirm: "a fact, see *Facts*",
  where: "tests by field, see *Tests*",
  value: "field or difference, see *Values*",
  due: "see *Due moments*",
  variants: "list, see *Customers*",
};

const cell = (text: string): string => text.replaceAll("|", "\\|");

function rowsOf(schema: Json): string {
  const properties = isJson(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(properties)
    .map(([key, value]) => {
      const field = isJson(value) ? value : {};
      const usual = field["default"] === undefined ? "" : `\`${JSON.stringify(field["default"])}\``;
      const left = required.includes(key) ? "required" : usual;
      const doc = typeof field["description"] === "string" ? field["description"] : "";
      const form = formOf(field);
      const what = form.endsWith("field") ? form : (spelledOut[key] ?? form);
      return `| \`${key}\` | ${cell(what)} | ${cell(left)} | ${cell(doc)} |`;
    })
    .join("\n");
}

const table = (schema: Json): string =>
  `| key | what | if left out | meaning |\n|---|---|---|---|\n${rowsOf(schema)}\n`;

function at(schema: Json, ...steps: readonly string[]): Json {
  let found: unknown = schema;
  for (const step of steps) found = isJson(found) ? found[step] : undefined;
  return isJson(found) ? found : {};
}

/** The object among the ways something may be written. */
function objectIn(schema: Json): Json {
  const { anyOf } = schema;
  const ways = Array.isArray(anyOf) ? anyOf.filter(isJson) : [schema];
  for (const way of ways) {
    if (isJson(way["properties"])) return way;
    if (Array.isArray(way["anyOf"])) return objectIn(way);
  }
  return {};
}

const opening = `# Promises as data

\`default.yaml\` says what customers were promised, what is noise, and what weighs how much. It needs no
learning. Change a copy, then run \`troth policy check my.yaml\`: every mistake is told with line, column
and remedy. This page and \`policy.schema.json\` are generated from the code that reads policies
(\`pnpm --filter @troth/policy generate\`). For completion in an editor begin your file with
\`# yaml-language-server: $schema=policy.schema.json\`.

A policy is known by the hash of its content. Comments, order and ways of writing the same thing do not
change it. Rules are worked through in the order of their names, not of the file.

Limits: 256 KiB, 20 levels, no aliases, anchors or tags, each key once.
`;

const written = `## Ways of writing

**Durations** are \`30s 15m 2h 3d 1w\`, put together as \`1h30m\`, or ISO 8601 (\`PT15M\`, \`P3D\`). Months have no
length and are not taken.

**Fields** are those of the kinds read (see the vocabulary), inner ones with a dot (\`sentiment.score\`,
\`attributes.anything\`), and \`id source subject kind time recordedTime\` of any fact. A list of fields means the
first that is there.

### Tests
\`where\` lists fields and what they must be; all must hold.

| test | holds when the field |
|---|---|
| \`deliveryStatus: Delivered\` | equals it; a field that is a list has it among its items |
| \`deliveryStatus: [Expired, Exception]\` | equals one of them |
| \`orderNumber: { exists: true }\` | is there (or, with false, is not) |
| \`courtesyScore: { min: 0.7 }\`, \`max\` | is at least, at most that |
| \`queueWaitSeconds: { over: 2m }\`, \`under\` | is more, less than that; a field that counts time takes a duration |
| \`resolution: { not: resolved }\` | is anything else, or not there at all |

\`when\` is a [CEL](https://cel.dev) condition over \`data\`, \`kind\`, \`source\` and \`time\`, for what \`where\` cannot say. Times
and durations are milliseconds (\`data.deliveredAt - data.expectedArrivalUntil > days(2)\`), money is compared through
\`amount(data.amountDue) > money("12.50")\`. It may call \`has size int double string startsWith endsWith contains
lowerAscii exists all exists_one minutes hours days amount money\`; patterns are not taken. What fails while it runs,
a missing field above all, makes it false. It is checked after \`where\`, which is much the faster.

### Values
\`value: queueWaitSeconds\`, the first of \`[amountDue, expectedAmount]\`, or a difference:
\`{ from: amountDue, minus: expectedAmount }\`, \`{ from: 180, minus: daysInService }\`. Money counts by its amount and is
never rounded to binary fractions.

### Steps
\`[{ over: 0s, is: 3 }, { over: 3d, is: 4 }]\`: from each \`over\` on (that value included) the severity is \`is\`. Steps
rise, and those of a pledge begin at 0.

### Due moments
| way | falls due |
|---|---|
| \`stated\` | when the making fact's \`due\` field says. Where this is all there is, a fact that states none makes nothing |
| \`{ stated: end of day }\` | at the end of that day, in the calendar's zone |
| \`{ after: 3d }\` | so long after it was made |
| \`{ after: 4 business hours }\` | once so many opening hours have passed |
| \`{ after: 2 business days }\` | when the second working day after it closes |
| \`{ businessDays: 2, at: "12:00" }\` | at noon of that day |
| \`{ days: 1, at: "18:00" }\` | at that time of the next day |
| \`needed\` | so long after it was made as the \`needs\` fact's value says |
| \`never\` | not at all |

A list takes the first that gives a moment: \`[stated, { after: 2 business days }]\`.

### Customers
\`if\` in \`variants\` and in advice names \`segment tier region product\` (one, a list, or \`{ not: … }\`) and
\`preference: { contact pace price familiarity }\`; all must hold. What is not known of a customer is none of the names.

### Sentences
${gapNames.map((name) => `\`{${name}}\``).join(" ")} are filled in: the day and the moment it was due, how late it is, what was measured,
what it was held against, and what the pledge is called.
`;

/** infra/policy/README.md. */
export function policyReadme(): string {
  const schema = policyJsonSchema("inline");
  const properties = at(schema, "properties");
  const entry = (section: string): Json => at(properties, section, "additionalProperties");
  const pledge = at(entry("pledges"), "properties");
  const parts = [
    opening,
    `## The file\n\n${table(schemaOutline(schema))}`,
    `## \`links\`: the operations a customer meets\n\n${table(entry("links"))}`,
    `An objective:\n\n${table(objectIn(at(entry("links"), "properties", "objective")))}`,
    `## \`sources\`: feeds whose silence is not held against anybody\n\n${table(entry("sources"))}`,
    `## \`calendars\`\n\n${table(entry("calendars"))}`,
    `## \`score\`\n\n${table(at(properties, "score"))}`,
    `## \`pledges\`: what was promised\n\n${table(entry("pledges"))}`,
    `### Facts\n\nA fact that makes a pledge (\`made\`):\n\n${table(objectIn(at(pledge, "made")))}`,
    `A fact that speaks of one (\`kept broken withdrawn paused resumed risk\`; \`confirm\` and \`needs\` with \`within\`):\n\n${table(objectIn(at(pledge, "kept")))}`,
    `A variant:\n\n${table(at(pledge, "variants", "items"))}`,
    `## \`noises\`: what weighs on a customer, or for us\n\n${table(entry("noises"))}`,
    `## \`advice\`: for representatives\n\n${table(entry("advice"))}`,
    `## \`resolutions\`: ways to put it right\n\n${table(at(properties, "resolutions"))}`,
    `A way:\n\n${table(at(properties, "resolutions", "properties", "candidates", "additionalProperties"))}`,
    `## \`limits\`: what is remembered at most\n\n${table(at(properties, "limits"))}`,
    written,
  ];
  return `${parts.join("\n").trim()}\n`;
}

const sectionDocs: Readonly<Record<string, string>> = {
  calendars: "Working days and hours, by name.",
  links: "The operations of the service chain, by name.",
  sources: "Feeds that are watched for silence, by name.",
  score: "How parts add up and when that alerts.",
  pledges: "Promises, by name.",
  noises: "What weighs, by name.",
  advice: "What to do and not to do, by name.",
  resolutions: "Ways to put it right, and the goodwill there is for them.",
  limits: "What is remembered at most.",
};

/** The top of the file with each section as one line. */
function schemaOutline(schema: Json): Json {
  const properties = Object.entries(at(schema, "properties")).map(([key, value]) => {
    const description = sectionDocs[key];
    return [key, description === undefined ? value : { type: "section", description }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}
