import type { Part } from "@troth/events";
import type { PolicyInfo } from "../policy-info.ts";
import { isLive, type RegisterRow } from "../view/register.ts";
import type { ChainLink, ChainState } from "./schemas.ts";

/**
 * What stands on one link for one customer. A promise that was broken and then kept late is mended;
 * so is one whose later date was kept.
 */
function stateOf(rows: readonly RegisterRow[], points: number): ChainState {
  const keptLater = (row: RegisterRow): boolean =>
    rows.some(
      (other) =>
        other.promiseId === row.promiseId && other.term > row.term && other.verdict === "kept",
    );
  const broken = rows.filter(({ verdict }) => verdict === "broken");
  if (broken.some((row) => row.keptAt === null && !keptLater(row))) return "broken";
  if (rows.some(({ verdict }) => verdict === "at-risk" || verdict === "overdue")) return "at-risk";
  if (rows.some(({ verdict }) => verdict === "source-blind")) return "unseen";
  if (broken.length > 0) return "mended";
  if (points > 0) return "noise";
  return rows.length === 0 ? "untouched" : "fine";
}

/** Every link of the policy in its order, with what this customer met there. */
export function chainOf(
  policy: PolicyInfo,
  rows: readonly RegisterRow[],
  parts: readonly Part[],
): ChainLink[] {
  return policy.links.map((link): ChainLink => {
    const here = rows.filter((row) => row.link === link.id && row.verdict !== "void");
    const points = parts
      .filter((part) => part.link === link.id)
      .reduce((sum, part) => sum + part.points, 0);
    return {
      link: link.id,
      says: link.says,
      owner: link.owner,
      operatedBy: link.operatedBy,
      state: stateOf(here, points),
      points,
      kept: here.filter(({ verdict }) => verdict === "kept").length,
      broken: here.filter(({ verdict }) => verdict === "broken").length,
      live: here.filter(isLive).length,
    };
  });
}
