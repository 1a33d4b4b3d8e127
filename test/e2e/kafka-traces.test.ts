import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { diagnosis } from "../support/fleet-diagnosis.ts";
import { noKafka } from "../support/kafka.ts";
import { openFleet, until } from "../support/kafka-fleet.ts";
import { openOtlpReceiver, type ReceivedSpan } from "../support/otlp-receiver.ts";

/** One word in public is enough for an alert. */
const touchy = `
policy: touchy
links: { public: { says: what is said in public, owner: communications } }
noises:
  said:
    link: public
    on: social.mention
    severity: 5
    says: Spoke of us in public.
`;

const services = ["troth-intake", "troth-identity", "troth-monitor", "troth-notify"];
const given = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

const mention = (id: string, traceparent?: string) => ({
  specversion: "1.0",
  id,
  source: "urn:social",
  type: "org.troth.social.mention.v1",
  time: new Date().toISOString(),
  subject: `customer:${id}`,
  data: { platform: "x" },
  ...(traceparent !== undefined && { traceparent }),
});

async function post(door: string, body: unknown, headers: Record<string, string> = {}) {
  const type = "application/cloudevents-batch+json";
  const answer = await fetch(door, {
    method: "POST",
    headers: { "content-type": type, ...headers },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(202);
}

describe.skipIf(noKafka !== null)(`traces of a fleet on a real Kafka${noKafka ?? ""}`, () => {
  test("one trace leads from an event at the door to who is told of it, each service below the one before", async () => {
    const receiver = await openOtlpReceiver();
    onTestFinished(receiver.close);
    const dir = mkdtempSync(join(tmpdir(), "troth-traces-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const policy = join(dir, "touchy.yaml");
    writeFileSync(policy, touchy);
    await using fleet = await openFleet({
      partitions: 2,
      clock: "live",
      policies: [policy],
      args: () => ["--otlp", receiver.url],
    });
    const [intake] = await Promise.all(
      (["intake", "identity", "monitor", "notify"] as const).map((one) => fleet.start(one, 1)),
    );
    const door = intake?.says ?? "";
    const traced = (traceId: string): readonly ReceivedSpan[] =>
      receiver.spans().filter((span) => span.traceId === traceId);
    const isWhole = (traceId: string) => async () =>
      services.every((service) => traced(traceId).some((span) => span.service === service));
    await post(door, [
      mention("asked", `00-${given.traceId}-${given.spanId}-01`),
      mention("unasked", `00-${"1".repeat(32)}-${given.spanId}-00`),
    ]);
    await until("the trace is whole", 60_000, isWhole(given.traceId)).catch(async (error) => {
      const seen = JSON.stringify(receiver.spans(), null, 1);
      throw new Error(`${error}\n${seen}\n${await diagnosis(fleet)}`);
    });
    let above = given.spanId;
    for (const service of services) {
      const spans = traced(given.traceId).filter((span) => span.service === service);
      expect(spans, service).toMatchObject([{ parentSpanId: above }]);
      above = spans[0]?.spanId ?? "";
    }
    expect(traced(given.traceId)).toHaveLength(services.length);
    // Whoever sent it says that it is not to be recorded.
    expect(traced("1".repeat(32))).toEqual([]);

    const asked = `00-${"2".repeat(32)}-${given.spanId}-01`;
    await post(door, [mention("by request")], { traceparent: asked });
    await until("a request's trace is whole", 60_000, isWhole("2".repeat(32)));
  }, 180_000);
});
