import { chain, link, owners } from "./of-links.ts";
import { accuracy, pipeline, relationship } from "./of-troth.ts";
import type { DashboardSpec } from "./panel.ts";

/** The six dashboards, in the order an operations lead opens them. */
export const dashboards: readonly DashboardSpec[] = [
  chain,
  link,
  owners,
  relationship,
  pipeline,
  accuracy,
];
