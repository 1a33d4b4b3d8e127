import type { CloudEvent } from "@troth/events";
import { ask, everyday, introduce, partOf } from "./cast.ts";
import { Diary, type Frame, frameOf } from "./diary.ts";
import { diceOf } from "./dice.ts";
import { heartbeats, incidentRegion, whatTouchesMany } from "./everyone.ts";
import { leadStory } from "./lead.ts";
import type { Person } from "./scenes.ts";

export type SyntheticDay = {
  readonly seed: number;
  /** UTC milliseconds at which the day ends; nothing is told that is known only later. */
  readonly endsAt: number;
  readonly customers: number;
};

const byRecordedTime = (a: CloudEvent, b: CloudEvent): number =>
  a.recordedtime < b.recordedtime
    ? -1
    : a.recordedtime > b.recordedtime
      ? 1
      : a.id < b.id
        ? -1
        : Number(a.id > b.id);

/**
 * A day of Halden & Co, a house that sells goods and connections and does not exist, told with the
 * twelve days before it, in order of `recordedtime`. Most customers are fine, some meet one small
 * slip, a few meet several at once, and a few meet a promise plainly broken. `customer:demo-0001`
 * lives the essays' own story. The same arguments give the same events, byte for byte.
 */
export function* syntheticDay({ seed, endsAt, customers }: SyntheticDay): Generator<CloudEvent> {
  const frame = frameOf(endsAt);
  const events = [...heartbeats(frame).events, ...whatTouchesMany(frame).events];
  for (let index = 1; index <= customers; index += 1) {
    events.push(...pageOf(index, customers, seed, frame).events);
  }
  yield* events.sort(byRecordedTime);
}

function pageOf(index: number, customers: number, seed: number, frame: Frame): Diary {
  const name = String(index).padStart(4, "0");
  const dice = diceOf(seed, index);
  const diary = new Diary(frame, `demo-${name}`);
  const person: Person = {
    name,
    customer: `customer:demo-${name}`,
    diary,
    dice,
    frame,
    region: dice.pick(incidentRegion, "XA-SO", "XA-EA", "XA-WE"),
    segment: dice.pick("consumer", "consumer", "consumer", "vip", "business"),
  };
  introduce(person);
  if (index === 1) {
    leadStory(person);
    return diary;
  }
  const part = partOf(index, customers, dice);
  part.tell(person);
  everyday(person);
  ask(person, part.mood);
  return diary;
}
