import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { contracts } from "./contract.ts";
import { tablesInWords } from "./documentation.ts";

// A script, not part of the package: run it after changing a table. It writes the columns in README.md
// and the contracts in schemas/contract/.
const folder = new URL("../../../schemas/contract/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, contract] of contracts()) {
  writeFileSync(new URL(`${name}.odcs.yaml`, folder), stringify(contract, { lineWidth: 0 }));
}
const readme = new URL("../README.md", import.meta.url);
const text = readFileSync(readme, "utf8");
const begin = text.indexOf("\n", text.indexOf("<!-- columns")) + 1;
const end = text.indexOf("<!-- /columns -->");
writeFileSync(readme, `${text.slice(0, begin)}${tablesInWords()}\n${text.slice(end)}`);
