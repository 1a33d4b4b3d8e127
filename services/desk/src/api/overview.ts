import { isoTime, levels } from "@troth/events";
import { dayMs } from "../limits.ts";
import { addCounts, keptShare } from "../view/tallies.ts";
import type { Bulletin } from "../view/view.ts";
import type { Context } from "./context.ts";
import { bringUpToDate } from "./queue.ts";
import type { LinkOverview, Overview } from "./schemas.ts";

const daysShown = 14;

/** Customers at risk by the link that weighs most with each. */
function ledBy({ view }: Context): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { leadLink } of view.ranked("risk", "at-risk")) {
    if (leadLink !== null) counts.set(leadLink, (counts.get(leadLink) ?? 0) + 1);
  }
  return counts;
}

function linksOf(context: Context, now: number): LinkOverview[] {
  const { view, policy } = context;
  const customers = ledBy(context);
  return policy.links.map((link): LinkOverview => {
    const counts = view.tallies.countsOf(link.id);
    const brokenByDay = Array.from({ length: daysShown }, (_, day) =>
      view.tallies.brokenWithin(link.id, now - (daysShown - 1 - day) * dayMs, 24),
    );
    return {
      link: link.id,
      says: link.says,
      owner: link.owner,
      operatedBy: link.operatedBy,
      kept: counts.kept,
      broken: counts.broken,
      live: counts.open + counts["at-risk"] + counts.overdue + counts["source-blind"],
      overdue: counts.overdue,
      atRisk: counts["at-risk"],
      unseen: counts["source-blind"],
      keptShare: keptShare(counts),
      brokenLastDay: brokenByDay.at(-1) ?? 0,
      brokenByDay,
      customers: customers.get(link.id) ?? 0,
      saves: view.tallies.savesOf(link.id),
    };
  });
}

/** Links of one owner taken together, the owner with most broken promises first. */
function ownersOf(links: readonly LinkOverview[]): Overview["owners"] {
  const owners = [...new Set(links.map(({ owner }) => owner))].map((owner) => {
    const own = links.filter((link) => link.owner === owner);
    const sum = (of: (link: LinkOverview) => number): number =>
      own.reduce((total, link) => total + of(link), 0);
    const [kept, broken] = [sum((link) => link.kept), sum((link) => link.broken)];
    return {
      owner,
      kept,
      broken,
      keptShare: kept + broken === 0 ? null : kept / (kept + broken),
      brokenLastDay: sum((link) => link.brokenLastDay),
      customers: sum((link) => link.customers),
      saves: sum((link) => link.saves),
    };
  });
  return owners.sort((a, b) => b.broken - a.broken);
}

/** What touched nobody is not worth a line. */
const concernsSomebody = (bulletin: Bulletin): boolean =>
  bulletin.kind === "source" || bulletin.touched > 0;

const bulletinOf = (bulletin: Bulletin): Overview["bulletins"][number] => ({
  at: isoTime(bulletin.at),
  about: bulletin.kind,
  name: bulletin.kind === "source" ? bulletin.source : bulletin.rule,
  owner: bulletin.owner,
  says: bulletin.says,
  touched: bulletin.kind === "cohort" ? bulletin.touched : null,
});

/** The state of the whole chain and how many customers suffer from it. */
export function overviewOf(context: Context): Overview {
  bringUpToDate(context);
  const { view, policy } = context;
  const now = context.logTime();
  const links = linksOf(context, now);
  const all = policy.links
    .map(({ id }) => view.tallies.countsOf(id))
    .reduce(addCounts, view.tallies.countsOf(""));
  return {
    levels: {
      critical: view.countAt("critical"),
      high: view.countAt("high"),
      medium: view.countAt("medium"),
      low: view.countAt("low"),
    },
    customers: view.customersCount,
    atRisk: levels
      .filter((level) => level !== "none")
      .reduce((sum, level) => sum + view.countAt(level), 0),
    brokenLastDay: links.reduce((sum, link) => sum + link.brokenLastDay, 0),
    keptShare: keptShare(all),
    links,
    owners: ownersOf(links),
    bulletins: view.bulletins.filter(concernsSomebody).map(bulletinOf),
    silentSources: view.silentSources.map(({ source }) => source),
    policy: { name: policy.name, hash: policy.hash },
    isDemo: context.isDemo(),
    intakeUrl: context.intakeUrl(),
    logTime: isoTime(now),
    version: view.changes.version,
  };
}
