import { describe, expect, it } from "vitest";
import { importCalls } from "./calls.ts";
import { eventOf, type Imported, importFiles } from "./fixture.ts";

const head =
  "vru+line,call_id,customer_id,priority,type,date,vru_entry,vru_exit,vru_time,q_start,q_exit,q_time,outcome,ser_start,ser_exit,ser_time,server";
const run = (lines: readonly string[]): Promise<Imported> =>
  importFiles(importCalls, { "bank_calls.csv": `${[head, ...lines].join("\n")}\n` });

const answered =
  "AA01,1,4711,2,PS,990201,8:19:42,8:19:47,5,8:19:47,8:20:21,34,AGENT,8:20:20,8:22:04,104,RUTH";
const hungUp =
  "AA01,2,0,0,TT,990701,8:09:16,8:09:22,6,8:09:22,8:09:27,5,HANG,0:00:00,0:00:00,0,NO_SERVER";

describe("an imported call", () => {
  it("that was answered tells its waiting and its talking apart", async () => {
    const call = eventOf(await run([answered]), "AA01-990201-1");
    expect(call).toMatchObject({
      type: "org.troth.contact.completed.v1",
      subject: "customer:4711",
      recordedtime: "1999-02-01T06:22:04.000Z",
    });
    expect(call.data).toMatchObject({
      contactId: "AA01-990201-1",
      direction: "inbound",
      initiatedAt: "1999-02-01T06:19:42.000Z",
      enqueuedAt: "1999-02-01T06:19:47.000Z",
      answeredAt: "1999-02-01T06:20:20.000Z",
      disconnectedAt: "1999-02-01T06:22:04.000Z",
      queueWaitSeconds: 34,
      interactionSeconds: 104,
      queueId: "PS",
      abandoned: false,
    });
  });

  it("names the agent by a pseudonym that stays the same and is never the name", async () => {
    const { events } = await run([answered, answered.replace("AA01,1", "AA01,9")]);
    const [first, second] = events.map(({ data }) => data["agentRef"]);
    expect(first).toMatch(/^agent-[0-9a-f]{12}$/);
    expect(second).toBe(first);
    expect(JSON.stringify(events)).not.toContain("RUTH");
  });

  it("that was given up has no answer, and no customer when the file knows none", async () => {
    const call = eventOf(await run([hungUp]), "AA01-990701-2");
    expect(call).toMatchObject({
      type: "org.troth.contact.abandoned.v1",
      subject: "call:AA01-990701-2",
      recordedtime: "1999-07-01T05:09:27.000Z",
    });
    expect(call.data).toMatchObject({
      abandoned: true,
      direction: "outbound",
      queueWaitSeconds: 5,
    });
    expect(call.data["answeredAt"]).toBeUndefined();
    expect(call.data["agentRef"]).toBeUndefined();
  });

  it("that ran past midnight ends on the next day", async () => {
    const line =
      "AA01,3,5,2,PS,990201,23:59:32,23:59:40,8,0:00:00,0:00:00,0,AGENT,23:59:43,0:01:28,105,RUTH";
    const queued =
      "AA01,4,5,2,PS,990201,23:59:32,23:59:40,8,23:59:40,0:00:00,20,AGENT,0:00:00,0:01:28,88,RUTH";
    const imported = await run([line, queued]);
    expect(eventOf(imported, "AA01-990201-3").data).toMatchObject({
      answeredAt: "1999-02-01T21:59:43.000Z",
      disconnectedAt: "1999-02-01T22:01:28.000Z",
    });
    expect(eventOf(imported, "AA01-990201-3").data["enqueuedAt"]).toBeUndefined();
    expect(eventOf(imported, "AA01-990201-4").data["answeredAt"]).toBe("1999-02-01T22:00:00.000Z");
  });
});

describe("rows that cannot be used", () => {
  it("are set aside with line, reason and field", async () => {
    const imported = await run([
      answered,
      answered.replace(",AGENT,", ",PHANTOM,").replace("AA01,1", "AA01,3"),
      answered.replace(",AGENT,", ",ROBOT,").replace("AA01,1", "AA01,4"),
      answered.replace("990201", "990231"),
      answered.replace("8:22:04", "8:72:04").replace("AA01,1", "AA01,5"),
      answered.replace(",4711,", ",,"),
      answered.replace(",34,", ",-34,"),
      answered,
    ]);
    expect(imported.aside).toEqual([
      "3 not-a-contact outcome",
      "4 unknown-code outcome",
      "5 bad-time vru_entry",
      "6 bad-time ser_exit",
      "7 missing-key customer_id",
      "8 bad-number q_time",
      "9 duplicate-key call_id",
    ]);
    expect(imported.events).toHaveLength(1);
  });
});
