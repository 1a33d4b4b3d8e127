import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const data = fileURLToPath(new URL("../../../shared/data", import.meta.url));

/** The public files, beside the project; their licences forbid carrying them in it. */
export const publicData = {
  data,
  missing: existsSync(data) ? "" : ` (skipped: no ${data})`,
};
