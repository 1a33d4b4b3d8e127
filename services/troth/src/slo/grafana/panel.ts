/** One question put to Prometheus. */
export type Query = {
  readonly expr: string;
  readonly legend: string;
  /** One value now, for a table or a single figure; else a line over time. */
  readonly instant?: true;
};

export type PanelSpec = {
  readonly title: string;
  /** What it shows and how to read it; never empty. */
  readonly description: string;
  readonly kind: "timeseries" | "stat" | "bargauge" | "table";
  /** A unit of Grafana's: percentunit, s, short … */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** The alert whose runbook says what to do when this looks wrong. */
  readonly runbook: string;
  /** Of twenty-four columns. */
  readonly width: number;
  readonly height?: number;
};

export type DashboardSpec = {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Choose a link above the panels. */
  readonly perLink?: true;
  readonly from: string;
  readonly panels: readonly PanelSpec[];
};

export const dataSourceUid = "troth-prometheus";
const dataSource = { type: "prometheus", uid: dataSourceUid };
const columns = 24;
const heightUsual = 8;

const target = (query: Query, place: number, kind: PanelSpec["kind"]) => ({
  refId: String.fromCharCode(65 + place),
  datasource: dataSource,
  expr: query.expr,
  legendFormat: query.legend,
  ...(query.instant === true
    ? { instant: true, range: false, format: kind === "table" ? "table" : "time_series" }
    : { instant: false, range: true }),
});

const optionsOf: Readonly<Record<PanelSpec["kind"], object>> = {
  timeseries: {
    legend: { displayMode: "list", placement: "bottom", showLegend: true },
    tooltip: { mode: "multi", sort: "desc" },
  },
  stat: {
    colorMode: "value",
    graphMode: "area",
    reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
    textMode: "auto",
  },
  bargauge: {
    displayMode: "gradient",
    orientation: "horizontal",
    reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
  },
  table: { showHeader: true, cellHeight: "sm" },
};

/** Rows of several instant queries become one row a link, with a column a query. */
const transformationsOf = ({ kind, queries }: PanelSpec): readonly object[] =>
  kind !== "table"
    ? []
    : [
        { id: "merge", options: {} },
        {
          id: "organize",
          options: {
            excludeByName: { Time: true },
            renameByName: Object.fromEntries(
              queries.map(({ legend }, place) => [
                queries.length === 1 ? "Value" : `Value #${String.fromCharCode(65 + place)}`,
                legend,
              ]),
            ),
          },
        },
      ];

type Place = { readonly x: number; readonly y: number };

function panelOf(spec: PanelSpec, id: number, { x, y }: Place, runbooks: string) {
  return {
    id,
    type: spec.kind,
    title: spec.title,
    description: spec.description,
    datasource: dataSource,
    gridPos: { x, y, w: spec.width, h: spec.height ?? heightUsual },
    links: [
      {
        title: `Runbook: ${spec.runbook}`,
        url: `${runbooks}/${spec.runbook}.md`,
        targetBlank: true,
      },
    ],
    targets: spec.queries.map((query, place) => target(query, place, spec.kind)),
    fieldConfig: { defaults: { unit: spec.unit, noValue: "nothing yet" }, overrides: [] },
    options: optionsOf[spec.kind],
    transformations: transformationsOf(spec),
  };
}

const linkVariable = {
  name: "link",
  label: "Link",
  type: "query",
  datasource: dataSource,
  definition: "label_values(troth_objective_target, link)",
  query: { qryType: 1, query: "label_values(troth_objective_target, link)", refId: "links" },
  refresh: 2,
  sort: 1,
  multi: false,
  includeAll: false,
};

/** A dashboard as Grafana stores it (schema 39, Grafana 10 and later). */
export function dashboardOf(spec: DashboardSpec, runbooks: string) {
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  const panels = spec.panels.map((panel, place) => {
    if (x + panel.width > columns) {
      x = 0;
      y += rowHeight;
      rowHeight = 0;
    }
    const placed = panelOf(panel, place + 1, { x, y }, runbooks);
    x += panel.width;
    rowHeight = Math.max(rowHeight, panel.height ?? heightUsual);
    return placed;
  });
  return {
    uid: spec.uid,
    title: spec.title,
    description: spec.description,
    tags: ["troth"],
    schemaVersion: 39,
    version: 1,
    editable: false,
    timezone: "browser",
    refresh: "1m",
    time: { from: spec.from, to: "now" },
    templating: { list: spec.perLink === true ? [linkVariable] : [] },
    links: [
      { type: "dashboards", tags: ["troth"], title: "Troth", asDropdown: true, includeVars: true },
    ],
    panels,
  };
}
