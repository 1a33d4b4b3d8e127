import { encodeNoise } from "@troth/events";
import { openMemoryLog, type Snapshots } from "@troth/log";
import { parsePolicy } from "@troth/policy";
import { openSimulatedClock } from "@troth/runtime";
import { expect, test } from "vitest";
import { policiesOf } from "./policies.ts";
import { openSite } from "./site.ts";

const parsed = parsePolicy(`
policy: small
links: { public: { says: what is said in public, owner: communications } }
noises: { said: { link: public, on: social.mention, severity: 1, says: Spoke of us. } }
`);
if (!parsed.ok) throw new Error("the policy does not compile");
const policy = parsed.value;
const genesis = "00000000-0000-4000-8000-000000000000";
const noSnapshots: Snapshots = { save: async () => undefined, load: async () => null };

async function openPlace() {
  const logs = () => openMemoryLog({ genesis });
  const noise = logs();
  const site = await openSite({
    partition: 0,
    noise,
    decisions: logs(),
    transfers: [logs()],
    flags: logs(),
    snapshots: noSnapshots,
    policies: policiesOf([policy]),
    clock: openSimulatedClock(),
    snapshotEveryRecords: 1_000,
    snapshotEveryMs: 1_000,
    tell: { judged: () => undefined },
  });
  return { site, noise };
}

const tickRecord = { number: 0, inOffset: 0, stamp: 1, body: { kind: "tick" } } as const;
const begins = {
  number: 0,
  inOffset: 0,
  stamp: 1,
  body: { kind: "policy", hash: policy.hash },
} as const;

test("a partition nobody ever wrote to is waited for, and that is said until it begins", async () => {
  const { site, noise } = await openPlace();
  expect(site.waits()).toEqual([
    { for: "registrar", what: "nothing was ever written to noise, partition 0" },
  ]);
  await noise.append([{ bytes: encodeNoise(begins) }], 1);
  await expect.poll(() => site.position()).toBe(1);
  expect(site.waits()).toEqual([]);
  await site.close();
});

test("a partition that does not begin with a policy stops its judge, who says what is missing", async () => {
  const { site, noise } = await openPlace();
  await noise.append([{ bytes: encodeNoise(tickRecord) }], 1);
  await expect(site.running).rejects.toMatchObject({
    code: "no-policy",
    message: expect.stringContaining("begins with a record that is no policy"),
  });
  await site.close();
});
