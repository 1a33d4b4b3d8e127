import { type Output, operatedBy } from "@troth/events";
import type { Policy } from "@troth/policy";
import type { Metrics } from "@troth/runtime";
import { Charges } from "../accountability/charges.ts";
import { type Influence, z99 } from "../accountability/influence.ts";
import { linksMax, linksOf, openNet, other } from "./closed.ts";

/** What links are held to, who answers for what broke, and what answers say of each link. */
export function openAccountability(metrics: Metrics, policy: Policy, influence: Influence) {
  const objectives = policy.objectives.slice(0, linksMax);
  const rows = objectives.map(({ link, windowMs }) => ({
    link: link.id,
    owner: link.owner,
    operated_by: link.operatedBy,
    window: `${Math.round(windowMs / 86_400_000)}d`,
  }));
  const target = metrics.gauge({
    name: "troth_objective_target",
    help: "Share of its promises a link is to keep over its window, from the policy.",
    labels: {
      link: rows.map(({ link }) => link),
      owner: rows.map(({ owner }) => owner),
      operated_by: operatedBy,
      window: rows.map(({ window }) => window),
    },
    rows,
  });
  for (const [place, row] of rows.entries()) target.set(row, objectives[place]?.target ?? 1);
  const links = linksOf(policy);
  const collect = (): void => charges.settle();
  const charged = metrics.gauge({
    name: "troth_promises_charged",
    help: "Broken promises by the link that answers for them: where the chain first failed, or a ruling.",
    labels: { link: links },
    collect,
  });
  const inherited = metrics.gauge({
    name: "troth_promises_inherited",
    help: "Broken promises by the link that made them, where another link of the chain had failed first.",
    labels: { link: links },
    collect,
  });
  for (const link of links) {
    charged.set({ link }, 0);
    inherited.set({ link }, 0);
  }
  const disputed = metrics.gauge({
    name: "troth_charges_disputed",
    help: "Charges an owner disputes, not ruled on yet.",
    labels: {},
    collect,
  });
  const orphans = metrics.gauge({
    name: "troth_charges_orphaned",
    help: "Broken promises nobody answers for.",
    labels: {},
    collect,
  });
  disputed.set({}, 0);
  orphans.set({}, 0);
  const net = openNet();
  const charges = new Charges(policy, (before, after) => {
    for (const [list, by] of [
      [before, -1],
      [after, 1],
    ] as const) {
      for (const one of list) {
        const link = links.includes(one.chargedTo) ? one.chargedTo : other;
        charged.set({ link }, net(`charged ${link}`, by));
        const from = links.includes(one.link) ? one.link : other;
        if (one.inheritedFrom !== null) inherited.set({ link: from }, net(`inherited ${from}`, by));
        if (one.disputed) disputed.set({}, net("disputed", by));
        if (one.owner === null) orphans.set({}, net("orphans", by));
      }
    }
  });
  let isStale = true;
  const bound = metrics.gauge({
    name: "troth_enjoyment_difference",
    help: "Difference in the share that enjoyed it: customers a link failed (failed) or merely met (met), against comparable ones; ends of the 99 % interval, NaN while too few answered.",
    labels: { link: rows.map(({ link }) => link), of: ["failed", "met"], end: ["low", "high"] },
    rows: rows.flatMap(({ link }) => [
      { link, of: "failed", end: "low" },
      { link, of: "failed", end: "high" },
      { link, of: "met", end: "high" },
    ]),
    collect: () => {
      if (isStale) show();
      isStale = false;
    },
  });
  const show = (): void => {
    for (const { link, failed, met } of influence.ranking(z99)) {
      if (rows.every((row) => row.link !== link)) continue;
      bound.set({ link, of: "failed", end: "low" }, failed?.low ?? Number.NaN);
      bound.set({ link, of: "failed", end: "high" }, failed?.high ?? Number.NaN);
      bound.set({ link, of: "met", end: "high" }, met?.high ?? Number.NaN);
    }
  };
  return (body: Output["body"]): void => {
    charges.fold(body);
    if (influence.fold(body)) isStale = true;
  };
}
