import { expect, test } from "vitest";
import { withHolders } from "./holders.ts";
import type { ImportedEvent, ImportIo } from "./importer.ts";

const event = (subject: string): ImportedEvent => ({
  specversion: "1.0",
  type: "org.troth.social.mention.v1",
  source: "urn:test",
  id: subject,
  time: "2020-01-01T00:00:00.000Z",
  recordedtime: "2020-01-01T00:00:00.000Z",
  subject,
  data: { topic: "delay" },
});

test("who holds a thing that nobody else names stands for the customer; a named customer stays", async () => {
  const holders = withHolders(async function* given() {
    yield event("handle:ann");
    yield event("customer:1");
  });
  const io = {} as ImportIo;
  const seen: ImportedEvent[] = [];
  for await (const one of holders("", io)) seen.push(one);
  expect(seen.map(({ subject, data }) => [subject, data["customerRef"]])).toEqual([
    ["handle:ann", "customer:handle:ann"],
    ["customer:1", undefined],
  ]);
});
