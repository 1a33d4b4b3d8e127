import { stringify } from "yaml";
import { runbookOf, runbooksHere } from "../prometheus.ts";
import type { Alert, Definition } from "../rules.ts";
import { dashboards } from "./dashboards.ts";
import { dashboardOf, dataSourceUid } from "./panel.ts";

const head =
  "# Written by services/troth/src/slo/generate.ts from one definition (rules.ts); change that, not this.\n";
const yaml = (value: unknown): string => head + stringify(value, { lineWidth: 0 });

const dataSources = {
  apiVersion: 1,
  datasources: [
    {
      name: "Prometheus of troth",
      type: "prometheus",
      uid: dataSourceUid,
      access: "proxy",
      url: "$TROTH_PROMETHEUS_URL",
      isDefault: true,
      // One paging path: Grafana does not list Prometheus' own alerts as its to manage.
      jsonData: { httpMethod: "POST", manageAlerts: false, timeInterval: "15s" },
    },
  ],
};

const providers = {
  apiVersion: 1,
  providers: [
    {
      name: "troth",
      folder: "Troth",
      type: "file",
      disableDeletion: true,
      allowUiUpdates: false,
      options: { path: "/etc/grafana/dashboards" },
    },
  ],
};

/** Grafana takes a query's comparison apart, so the rule asks whether a series is there at all. */
function ruleOf(alert: Alert, runbooks: string) {
  return {
    uid: alert.name.replace(/(?<!^)([A-Z])/g, "-$1").toLowerCase(),
    title: alert.name,
    condition: "fires",
    for: alert.holdFor,
    noDataState: "OK",
    execErrState: alert.severity === "page" ? "Alerting" : "Error",
    labels: { severity: alert.severity, service: "troth" },
    annotations: {
      summary: inGrafana(alert.summary),
      description: inGrafana(alert.description),
      runbook_url: runbookOf(alert, runbooks),
    },
    data: [
      {
        refId: "A",
        relativeTimeRange: { from: 600, to: 0 },
        datasourceUid: dataSourceUid,
        model: { refId: "A", expr: alert.expr, instant: true, range: false },
      },
      {
        refId: "fires",
        datasourceUid: "__expr__",
        model: {
          refId: "fires",
          type: "math",
          expression: "is_number($A) || is_nan($A) || is_inf($A)",
          datasource: { type: "__expr__", uid: "__expr__" },
        },
      },
    ],
  };
}

/** `$value` is a sentence in Grafana; the number is the query's. */
const inGrafana = (template: string): string => template.replaceAll("$value", "$values.A.Value");

const rulesOf = ({ alerts }: Definition, runbooks: string) => ({
  apiVersion: 1,
  groups: [
    {
      orgId: 1,
      name: "troth",
      folder: "Troth",
      interval: "1m",
      rules: alerts.map((alert) => ruleOf(alert, runbooks)),
    },
  ],
});

const contactPoints = {
  apiVersion: 1,
  contactPoints: [
    {
      orgId: 1,
      name: "on duty",
      receivers: [
        {
          uid: "troth-on-duty",
          type: "pagerduty",
          settings: { integrationKey: "$TROTH_PAGERDUTY_KEY", severity: "critical" },
        },
      ],
    },
    {
      orgId: 1,
      name: "tickets",
      receivers: [
        {
          uid: "troth-tickets",
          type: "webhook",
          settings: { url: "$TROTH_TICKET_URL", httpMethod: "POST" },
        },
      ],
    },
  ],
};

/** One message a link and owner, whatever the number of alerts behind it. */
const policies = {
  apiVersion: 1,
  policies: [
    {
      orgId: 1,
      receiver: "tickets",
      group_by: ["alertname", "link", "owner"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "24h",
      routes: [
        {
          receiver: "on duty",
          object_matchers: [
            ["service", "=", "troth"],
            ["severity", "=", "page"],
          ],
          repeat_interval: "4h",
        },
      ],
    },
  ],
};

/** Everything Grafana is provisioned with, by its path in infra/grafana. */
export function grafanaFiles(
  definition: Definition,
  runbooks = runbooksHere,
): ReadonlyMap<string, string> {
  const files = new Map([
    ["provisioning/datasources/troth.yaml", yaml(dataSources)],
    ["provisioning/dashboards/troth.yaml", yaml(providers)],
    ["provisioning/alerting/rules.yaml", yaml(rulesOf(definition, runbooks))],
    ["provisioning/alerting/contact-points.yaml", yaml(contactPoints)],
    ["provisioning/alerting/policies.yaml", yaml(policies)],
  ]);
  for (const spec of dashboards) {
    const text = JSON.stringify(dashboardOf(spec, runbooks), null, 2);
    files.set(`dashboards/${spec.uid}.json`, `${text}\n`);
  }
  return files;
}
