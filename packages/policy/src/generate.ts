import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { policyJsonSchema, policyReadme } from "./documentation.ts";

// A script, not part of the package: it writes what infra/policy says about policies.
const folder = join(import.meta.dirname, "../../../infra/policy");
writeFileSync(join(folder, "README.md"), policyReadme());
writeFileSync(
  join(folder, "policy.schema.json"),
  `${JSON.stringify(policyJsonSchema(), null, 2)}\n`,
);
