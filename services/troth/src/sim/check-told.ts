import type { AlertDecision, Output } from "@troth/events";
import type { Story } from "./run.ts";

type Report = (what: string) => void;

const isOver = ({ state }: AlertDecision): boolean =>
  state === "recovered" || state === "withdrawn";

/** What the outside heard: never an older revision after a newer one, nothing lost, few repeated. */
export function checkTold(story: Story, outputs: readonly Output[], report: Report): void {
  const { told } = story.world.receiver;
  const highest = new Map<string, number>();
  const bodies = new Map<string, string>();
  const ids = new Map<string, string>();
  let repeated = 0;
  for (const one of told) {
    if (!one.isSigned) report(`message ${one.id} is not signed`);
    if (!one.isWritten) report(`message ${one.id} was sent before it was written down`);
    const known = ids.get(`${one.alert} ${one.revision}`) ?? one.id;
    if (known !== one.id) report(`one message came as ${known} and as ${one.id}`);
    ids.set(`${one.alert} ${one.revision}`, known);
    const before = highest.get(one.alert) ?? 0;
    if (one.revision < before)
      report(`${one.alert}: revision ${one.revision} was told after ${before}`);
    highest.set(one.alert, Math.max(before, one.revision));
    const same = bodies.get(one.id);
    if (same !== undefined) repeated += 1;
    if (same !== undefined && same !== one.body) report(`message ${one.id} came with two contents`);
    bodies.set(one.id, one.body);
  }
  // A process that dies may have sent one message nobody wrote down as sent.
  const mayRepeat = story.lives.length + story.world.receiver.unheard();
  if (repeated > mayRepeat)
    report(`${repeated} messages were repeated, ${mayRepeat} had reason to`);
  checkNothingLost(story, outputs, highest, report);
}

function checkNothingLost(
  story: Story,
  outputs: readonly Output[],
  highest: ReadonlyMap<string, number>,
  report: Report,
): void {
  const latest = new Map<string, AlertDecision>();
  for (const { body } of outputs) if (body.kind === "alert") latest.set(body.alertId, body);
  let untold = 0;
  for (const [id, alert] of latest) {
    const heard = highest.get(id) ?? 0;
    if (heard === 0 && !isOver(alert)) untold += 1;
    if (heard > 0 && heard < alert.revision)
      report(`${id}: revision ${alert.revision} was never told, ${heard} was`);
  }
  // In a storm the rest is told as a number.
  const counted = [...lastStorms(story).values()].reduce((sum, alerts) => sum + alerts, 0);
  if (untold > counted) report(`${untold} standing alerts were never told, ${counted} as a number`);
}

function lastStorms(story: Story): ReadonlyMap<string, number> {
  const storms = new Map<string, number>();
  for (const { kind, alert, alerts } of story.world.receiver.told)
    if (kind === "troth.storm") storms.set(alert, alerts);
  return storms;
}
