import { joinGroup, openKafka } from "@troth/log";

/**
 * `kafka-zombie BROKERS TOPIC GROUP`: works on a partition for as long as it believes that it owns it,
 * appending one record after the other. Frozen for longer than its session it does not know better.
 */
const [brokers = "", topic = "", group = ""] = process.argv.slice(2);
const kafka = await openKafka({ brokers: brokers.split(","), clientId: "zombie", dev: true });
const log = await kafka.open(topic, 0);
const member = joinGroup({
  client: kafka.client,
  group,
  topic,
  sessionTimeoutMs: 3_000,
  assigned: (partitions) => void process.stdout.write(`owns ${partitions.join(",")}\n`),
});
for (let n = 0; ; ) {
  if (member.owned().includes(0)) {
    await log.append([{ bytes: Buffer.from(`zombie ${n}`) }], n);
    n += 1;
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}
