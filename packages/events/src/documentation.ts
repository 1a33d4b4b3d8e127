import { decisionKinds, decisionTables } from "./decision-tables.ts";
import { howToWrite } from "./explain.ts";
import { refusalReasons } from "./fact.ts";
import { common } from "./kinds/common.ts";
import type { Field, Fields, FieldType, KindTable } from "./kinds/field.ts";
import { families } from "./kinds/index.ts";
import { referenceSchemes } from "./reference.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** Short for the table; `howToWrite` is the long form refusals use. */
function typeName(type: FieldType): string {
  switch (type.is) {
    case "text":
      return type.max === 256 ? "text" : `text (${type.max})`;
    case "where":
      return "where text is kept";
    case "reference":
      return type.scheme === null ? "reference" : `reference \`${type.scheme}:…\``;
    case "int":
    case "number":
      return howToWrite(type).replace(/^a /, "");
    case "flag":
      return "true / false";
    case "one-of":
      return type.words.map((word) => `\`${word}\``).join(", ");
    case "list":
      return `list (${type.max}) of ${typeName(type.of)}`;
    case "group":
      return `{ ${Object.entries(type.fields)
        .map(([name, field]) => `${name}: ${typeName(field.type)}`)
        .join("; ")} }`;
    case "attributes":
      return `names (${type.max}) with text, number or flag`;
    case "instant":
    case "until":
    case "duration":
    case "money":
      return type.is;
  }
}

const row = ([name, { type, doc, standard, required }]: [string, Field]): string =>
  `| ${required ? `**${name}**` : name} | ${cell(typeName(type))} | ${cell(doc)} | ${cell(standard)} |`;

const fieldTable = (fields: Fields): string[] => [
  "| field | type | meaning | name from |",
  "|---|---|---|---|",
  ...Object.entries(fields).map(row),
  "",
];

const subjects: { readonly [subject in KindTable["subject"]]: string } = {
  required: "Needs a subject.",
  cohort: "May come without a subject: it is then about everyone it touches.",
  none: "Needs no subject.",
};

const kindSection = ([kind, table]: [string, KindTable]): string[] => [
  `### ${kind}`,
  "",
  `${table.doc} ${subjects[table.subject]} Type \`org.troth.${kind}.v1\`, schema [${kind}.avsc](noise/${kind}.avsc).`,
  "",
  ...(Object.keys(table.fields).length === 0 ? [] : fieldTable(table.fields)),
];

const head = `# The vocabulary

Written by \`pnpm --filter @troth/events generate\` from the tables in packages/events/src/kinds; change those, not this page.
\`noise/\` has the Avro schema of each kind's data, \`decisions/\` of what troth says. A change here is a change of the contract: readers of
the new schema must be able to read everything ever released (\`BACKWARD_TRANSITIVE\`; test/contract checks it against every tag).

## An event

One CloudEvents 1.0 object in JSON, one a line in a file, at most 256 KiB.

| attribute | what it is |
|---|---|
| **specversion** | \`1.0\` |
| **type** | \`org.troth.<kind>.v1\` |
| **id**, **source** | together they name the event: a second arrival of the same two is a duplicate |
| time | when it happened; if absent, recordedtime |
| recordedtime | when it could be known; if absent, time. One of the two is needed, and time may be at most a day after recordedtime |
| subject | whose it is: a reference, one of ${referenceSchemes.map((scheme) => `\`${scheme}:…\``).join(", ")} |
| tenantid | \`default\` if absent |
| data | the fields of its kind, below; unknown ones are dropped, null and \`""\` count as absent |

Types of fields:

| type | written | held as |
|---|---|---|
| text | 1 to 256 characters unless said | the same |
| where text is kept | a URI or key without spaces, at most 512 characters; texts that may hold personal matters stay out of events | the same |
| instant | ISO 8601 with \`Z\` or offset, 1990 to 2099; a day alone is its first millisecond in UTC | UTC milliseconds; Avro \`timestamp-millis\` |
| until | the same; a day alone is its last millisecond in UTC | the same |
| duration | ISO 8601, weeks to seconds: \`P3D\`, \`PT45M\` | milliseconds; Avro \`long\` |
| money | \`{"amount": "12.50", "currency": "EUR"}\`; text or number, at most 4 decimals | decimal text; Avro \`decimal(15, 4)\` and currency |
| one of some words | exactly as listed | text; Avro \`string\`, so that words can be added |

A line that cannot be taken is set aside with a reason, the field and what would put it right. Reasons: ${refusalReasons.map((reason) => `\`${reason}\``).join(", ")}.

On Kafka the value is the Avro data behind five bytes: 0, then the schema id (\`data\` in noise/ids.json) big-endian. The log on disk keeps envelope
and data in one record (\`fact\` in ids.json): id, source, tenant, time, recordedTime, subject or null, data. An id is 31 bits of the SHA-256 of the
schema's canonical form. Released schemas that were changed since lie in \`superseded/\`: records in them are still read.

## Fields of every kind
`;

/** schemas/README.md: every kind, field, type, unit, meaning and standard. */
export const vocabularyPage = (): string =>
  `${[
    head,
    ...fieldTable(common),
    "In the tables below **bold** fields are required.",
    "",
    ...families.flatMap(([title, table]) => [
      `## ${title}`,
      "",
      ...Object.entries(table).flatMap(kindSection),
    ]),
    "## Decisions",
    "",
    "What troth says, one record each. Fields not in bold may be null.",
    "",
    ...decisionKinds.flatMap((kind) => [
      `### ${kind}`,
      "",
      `${decisionTables[kind].doc} Schema [${kind}.avsc](decisions/${kind}.avsc).`,
      "",
      ...fieldTable(decisionTables[kind].fields),
    ]),
  ]
    .join("\n")
    .trimEnd()}\n`;
