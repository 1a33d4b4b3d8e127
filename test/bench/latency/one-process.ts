import { join } from "node:path";
import type { Output } from "@troth/events";
import { openLogger, openStop, systemClock } from "@troth/runtime";
import { openEmbedded } from "../../../services/troth/src/embedded/embedded.ts";
import { systemWorld } from "../../../services/troth/src/embedded/world.ts";
import { openedTo } from "../../../services/troth/src/keys/names.ts";
import { openKeysToSeal } from "../../../services/troth/src/keys/open-keys.ts";
import { joinPolicy } from "../join/noise.ts";
import { now } from "./load.ts";

const tellEveryMs = 50;

/** The embedded troth as `start` has it, with a reader that tells its parent what it read and when. */
const [, , dir = ""] = process.argv;
const stop = openStop({ host: process, clock: systemClock });
const keys = await openKeysToSeal(join(dir, "keys"), []);
const embedded = await openEmbedded({
  dir,
  world: systemWorld,
  policy: joinPolicy(),
  keys,
  stop,
  log: openLogger({ service: "bench", now: systemClock.now, write: () => undefined }),
  intakePort: 0,
  host: "127.0.0.1",
  clock: () => "live",
  tell: { admitted: () => undefined, fate: () => undefined, judged: () => undefined },
});
let heard: [string, number][] = [];
const { names, learn } = embedded;
const fold = ({ body }: Output): void => {
  if (body.kind === "noise") heard.push([body.fact.id, now()]);
};
if (names === null) throw new Error("it was opened with keys");
embedded.feed([{ name: "bench", fold: openedTo(learn, names, fold) }]);
const telling = setInterval(() => {
  if (heard.length > 0) process.send?.({ heard });
  heard = [];
}, tellEveryMs);
process.send?.({ port: embedded.intakePort });
process.once("disconnect", () => stop.request("the bench is over"));
await stop.finish();
clearInterval(telling);
