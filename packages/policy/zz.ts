import { readFileSync } from "node:fs";
import { parsePolicy } from "./src/index.ts";
const t = readFileSync("../../infra/policy/default.yaml", "utf8");
for (let i = 0; i < 12; i++) { const a = performance.now(); parsePolicy(t); if (i === 0 || i === 11) console.log(i, (performance.now() - a).toFixed(0), "ms"); }
