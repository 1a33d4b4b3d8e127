import { tables } from "./tables.ts";

/** The tables and their columns as Markdown, for the README. */
export const tablesInWords = (): string =>
  tables
    .map(({ name, says, columns }) => {
      const rows = columns
        .slice(3)
        .map((one) => `| \`${one.name}\` | ${one.type}${one.nullable ? "?" : ""} | ${one.says} |`);
      return [
        `### ${name}`,
        "",
        says,
        "",
        "| column | type | holds |",
        "|---|---|---|",
        ...rows,
      ].join("\n");
    })
    .join("\n\n");
