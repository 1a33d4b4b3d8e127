import { openDesk } from "@troth/desk";
import { deskStory } from "./support/desk-story.ts";
const now = process.argv[3] === "now" ? Date.now() : undefined;
const s = deskStory(400, now);
const d = await openDesk({ ...s.options, listen: { host: "127.0.0.1", port: Number(process.argv[2] ?? 8790) }, tell: { answered: () => undefined, failed: (e) => console.error(e) } });
console.log(d.url);
