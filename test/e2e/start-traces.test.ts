import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openOtlpReceiver } from "../support/otlp-receiver.ts";
import { freePort, gone, startTroth, up } from "../support/troth.ts";

/** One word in public is enough for an alert. */
const touchy = `
policy: touchy
links: { public: { says: what is said in public, owner: communications } }
noises:
  said: { link: public, on: social.mention, severity: 5, says: Spoke of us in public. }
`;
const given = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

test("one process sends the same trace as a fleet: door, judge, voice, each below the one before", async () => {
  const receiver = await openOtlpReceiver();
  onTestFinished(receiver.close);
  const dir = mkdtempSync(join(tmpdir(), "troth-start-traces-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const policy = join(dir, "touchy.yaml");
  writeFileSync(policy, touchy);
  const port = await freePort();
  const more = ["--policy", policy, "--otlp", receiver.url];
  const troth = startTroth(join(dir, "data"), port, more);
  onTestFinished(async () => {
    troth.kill("SIGKILL");
    await gone(troth);
  });
  await up(troth);
  const mention = (id: string, traceparent: string) => ({
    ...{ specversion: "1.0", id, source: "urn:social", type: "org.troth.social.mention.v1" },
    ...{ time: new Date().toISOString(), subject: `customer:${id}`, data: { platform: "x" } },
    traceparent,
  });
  const answer = await fetch(`http://127.0.0.1:${port + 1}/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/cloudevents-batch+json" },
    body: JSON.stringify([
      mention("asked", `00-${given.traceId}-${given.spanId}-01`),
      mention("unasked", `00-${"1".repeat(32)}-${given.spanId}-00`),
    ]),
  });
  expect(answer.status).toBe(202);
  const names = ["intake", "monitor", "notify"];
  const of = (traceId: string) => receiver.spans().filter((span) => span.traceId === traceId);
  await expect
    .poll(() => names.every((name) => of(given.traceId).some((span) => span.name === name)), {
      timeout: 30_000,
    })
    .toBe(true);
  let above = given.spanId;
  for (const name of names) {
    const spans = of(given.traceId).filter((span) => span.name === name);
    expect(spans).toMatchObject([{ parentSpanId: above, service: "troth" }]);
    above = spans[0]?.spanId ?? "";
  }
  expect(of("1".repeat(32))).toEqual([]);
}, 60_000);
