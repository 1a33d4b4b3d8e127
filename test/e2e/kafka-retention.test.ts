import { parseLine } from "@troth/events";
import { Kafka } from "kafkajs";
import { describe, expect, test } from "vitest";
import { houses } from "../support/houses.ts";
import { noKafka } from "../support/kafka.ts";
import { drained, openFleet, readFacts } from "../support/kafka-fleet.ts";
import { root } from "../support/source.ts";
import { runTroth } from "../support/troth.ts";

const policy = `${root}infra/policy/default.yaml`;
const calibrated = `${root}infra/policy/calibrated.yaml`;

describe.skipIf(noKafka !== null)(`retention on a real Kafka${noKafka ?? ""}`, () => {
  test("what forgets records refuses a policy that needs them, and a monitor whose snapshot it could pass", async () => {
    await using fleet = await openFleet({
      partitions: 1,
      clock: "events",
      policies: [policy, calibrated],
    });
    await Promise.all([fleet.start("identity", 1), fleet.start("monitor", 1)]);
    const facts = houses(3, 4, 40).flatMap((event) => {
      const fact = parseLine(JSON.stringify(event));
      return fact.ok ? [fact.value] : [];
    });
    await fleet.feed(facts);
    await drained(fleet, 60_000);
    const admin = new Kafka(fleet.broker.config()).admin();
    await admin.connect();
    try {
      const topic = "troth.noise";
      // kafkajs knows where a topic lies only once it was asked about.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "20" }] });
      const before = (await readFacts(fleet.kafka)).ticks;
      const at = ["--brokers", fleet.broker.addresses.join(","), "--dev"];
      const activated = await runTroth(["policy", "activate", calibrated, ...at]);
      expect(activated.code).toBe(3);
      expect(activated.err).toContain("troth.noise, partition 0: its first records are deleted");
      // Nothing was written: nobody stops at a record that should not be there.
      expect((await readFacts(fleet.kafka)).ticks).toBe(before);

      const configEntries = [{ name: "retention.ms", value: "3600000" }];
      const resources = [{ type: 2, name: topic, configEntries }];
      await admin.alterConfigs({ validateOnly: false, resources });
      await expect(fleet.start("monitor", 2)).rejects.toThrow(/deletes records after 3600000 ms/);
    } finally {
      await admin.disconnect();
    }
  }, 120_000);
});
