import { describe, expect, it } from "vitest";
import { eventOf, type Imported, importFiles } from "./fixture.ts";
import { importServicenow } from "./servicenow.ts";

const head =
  "number,ident_state,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_at,sys_updated_at,contact_type,category,impact,urgency,priority,assignment_group,assigned_to,closed_code,resolved_at,closed_at";
const end = "7,10/3/2016 09:00,15/3/2016 10:00";
const rows = [
  `I1,New,0,0,0,true,77,1/3/2016 08:00,1/3/2016 08:05,Phone,c5,2,2,3,g1,?,${end}`,
  `I1,New,0,0,1,true,77,1/3/2016 08:00,1/3/2016 08:10,Phone,c5,2,2,3,g1,?,${end}`,
  `I1,Awaiting User Info,1,0,2,true,77,1/3/2016 08:00,2/3/2016 09:00,Phone,c5,2,2,2,g2,a1,${end}`,
  `I1,Closed,1,0,4,false,77,1/3/2016 08:00,15/3/2016 10:00,Phone,c5,2,2,2,g2,a1,${end}`,
  `I1,Resolved,1,0,3,true,77,1/3/2016 08:00,10/3/2016 09:00,Phone,c5,2,2,2,g2,a1,${end}`,
];
const run = (lines: readonly string[]): Promise<Imported> =>
  importFiles(importServicenow, { "incident_event_log.csv": `${[head, ...lines].join("\n")}\n` });

describe("an imported incident", () => {
  it("moves on when its state or its hands change, in the order of its changes", async () => {
    const { events, aside } = await run(rows);
    expect(aside).toEqual([]);
    const told = events.map(({ type, recordedtime, data }) =>
      [recordedtime.slice(0, 16), type.slice(10, -3), data["status"] ?? data["outcome"]].join(" "),
    );
    expect(told).toEqual([
      "2016-03-01T08:05 complaint.raised acknowledged",
      "2016-03-01T08:05 complaint.status acknowledged",
      "2016-03-02T08:00 survey.invited ",
      "2016-03-02T09:00 complaint.status pending",
      "2016-03-10T09:00 complaint.status resolved",
      "2016-03-15T10:00 complaint.status closed",
      "2016-03-15T10:00 survey.answered not_enjoyed",
    ]);
  });

  it("is raised when opened and says only what its first row could know", async () => {
    const raised = eventOf(await run(rows), "I1:raised");
    expect(raised).toMatchObject({
      time: "2016-03-01T08:00:00.000Z",
      subject: "customer:incident-I1",
    });
    expect(raised.data).toMatchObject({
      ticketId: "I1",
      ticketType: "incident",
      channel: "phone",
      priority: "3",
      severity: 3,
      attributes: { assignmentGroup: "g1", callerRef: "77", groupRecord: 0, callerRecord: 0 },
    });
  });

  it("says nothing of how it will end before it does", async () => {
    const { events } = await run(rows);
    const early = JSON.stringify(events.filter(({ recordedtime }) => recordedtime < "2016-03-10"));
    expect(early).not.toMatch(/2016-03-1[05]|made_sla":|not_enjoyed|closed|"7"/);
    const kept = await run(rows.map((row) => row.replace(",false,", ",true,")));
    expect(kept.events.slice(0, -1)).toEqual(events.slice(0, -1));
    expect(kept.events.at(-1)?.data["outcome"]).toBe("enjoyed");
  });

  it("has no answer while it is open", async () => {
    const { events } = await run(rows.slice(0, 3));
    expect(events.map(({ type }) => type)).not.toContain("org.troth.survey.answered.v1");
  });

  it("of an unknown caller says nothing of one", async () => {
    const unknown = await run(rows.map((row) => row.replace(",77,", ",?,")));
    expect(new Set(unknown.events.map(({ subject }) => subject))).toEqual(
      new Set(["customer:incident-I1"]),
    );
    expect(JSON.stringify(unknown.events)).not.toContain("callerRef");
  });

  it("carries its group's record as it was when raised, and not what became of it later", async () => {
    const other = (number: string, opened: string): string =>
      `${number},New,0,0,0,true,77,${opened},${opened},Phone,c5,2,2,3,g2,?,${end}`;
    const happy = rows
      .map((row) => row.replace("I1,", "I2,").replace(",false,", ",true,"))
      .map((row) => row.replaceAll(",g2,", ",g3,").replace(",77,", ",78,"));
    const imported = await run([
      ...rows,
      ...happy,
      other("I3", "15/3/2016 09:00"),
      other("I4", "15/3/2016 11:00"),
    ]);
    const record = (number: string) => eventOf(imported, `${number}:raised`).data["attributes"];
    expect(record("I3")).toMatchObject({ groupRecord: 0, callerRecord: 0 });
    // One of two missed; this group one of one, beside twenty (five for the caller) at one half.
    expect(record("I4")).toMatchObject({ groupRecord: 23, callerRecord: 83 });
  });
});

describe("rows that cannot be used", () => {
  it("are set aside with line, reason and field", async () => {
    const [first = "", second = ""] = rows;
    const imported = await run([
      ...rows,
      first,
      first.replace("I1,", "?,"),
      second.replace("I1,New", "I2,-100"),
      second.replace("I1,", "I2,").replace("1/3/2016 08:10", "31/2/2016 08:10"),
      second.replace("I1,", "I2,").replace(",true,", ",maybe,"),
      "I2,New",
    ]);
    expect(imported.aside).toEqual([
      "7 duplicate-key sys_mod_count",
      "8 missing-key number",
      "9 unknown-code ident_state",
      "10 bad-time sys_updated_at",
      "11 unknown-code made_sla",
      "12 bad-columns null",
    ]);
    expect(imported.events).toHaveLength(7);
  });
});
