import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { artifacts } from "./artifacts.ts";

// A script, not part of the product: it writes infra/prometheus and infra/grafana from one definition.
const root = join(import.meta.dirname, "../../../..");
for (const [path, text] of artifacts(
  readFileSync(join(root, "infra/policy/default.yaml"), "utf8"),
)) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
