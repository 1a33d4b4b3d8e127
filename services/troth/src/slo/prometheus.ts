import { stringify } from "yaml";
import type { Alert, Definition } from "./rules.ts";

/** Troth serves its runbooks beside its metrics; `troth slo rules --runbooks` writes another place. */
export const runbooksHere = "http://127.0.0.1:8782/runbooks";

/** Where a person who is paged reads what to do. */
export const runbookOf = ({ name }: Pick<Alert, "name">, runbooks: string): string =>
  `${runbooks}/${name}.md`;

const head =
  "# Written by services/troth/src/slo/generate.ts from one definition (rules.ts); change that, not this.\n";

const yaml = (value: unknown): string => head + stringify(value, { lineWidth: 0 });

/** Needed on both paging paths. */
export const recordingRules = ({ recordings }: Definition): string =>
  yaml({ groups: [{ name: "troth-recordings", interval: "1m", rules: recordings }] });

/** For the direct path only: Grafana has the same as rules of its own. */
export const alertRules = ({ alerts }: Definition, runbooks = runbooksHere): string =>
  yaml({
    groups: [
      {
        name: "troth-alerts",
        interval: "1m",
        rules: alerts.map((alert) => ({
          alert: alert.name,
          expr: alert.expr,
          for: alert.holdFor,
          labels: { severity: alert.severity, service: "troth" },
          annotations: {
            summary: alert.summary,
            description: alert.description,
            runbook_url: runbookOf(alert, runbooks),
          },
        })),
      },
    ],
  });
