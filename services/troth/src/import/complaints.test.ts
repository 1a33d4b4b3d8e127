import { describe, expect, it } from "vitest";
import { importComplaints } from "./complaints.ts";
import { eventOf, importFiles } from "./fixture.ts";

const comcast = [
  "Ticket #,Customer Complaint,Date,Date_month_year,Time,Received Via,City,State,Zip code,Status,Filing on Behalf of Someone",
  "100,slow,22-04-15,22-Apr-15,3:53:50 PM,Customer Care Call,A,Maine,1,Closed,No",
  "101,dear,2015-04-08,04-Aug-15,10:22:56 AM,Internet,A,Maine,1,Open,Yes",
  "comc,dear,2015-04-08,04-Aug-15,10:22:56 AM,Internet,A,Maine,1,Open,Yes",
  "102,dear,2015-04-08,2015-08-04,10:22:56 AM,Internet,A,Maine,1,Open,Yes",
  "103,dear,2015-04-08,04-Aug-15,10:22:56 AM,Pigeon,A,Maine,1,Open,Yes",
];
const city = [
  "Unique Key,Created Date,Closed Date,Agency,Complaint Type,Descriptor,Location Type,Status,Due Date,Resolution Action Updated Date,Borough",
  "1,12/25/2013 11:59:08 PM,12/26/2013 01:15:00 AM,NYPD,Noise,Music,,Closed,12/26/2013 07:59:08 AM,,BRONX",
  "2,12/25/2013 12:00:00 AM,12/25/2013 12:00:00 AM,HPD,HEATING,HEAT,,Closed,,,BRONX",
  "3,12/25/2013 03:00:00 PM,,DOB,Elevator,Broken,,Open,,,BRONX",
  "4,12/25/2013 03:00:00 PM,10/30/2013 12:00:00 AM,DOB,Elevator,Broken,,Closed,,,BRONX",
  "3,12/25/2013 03:00:00 PM,,DOB,Elevator,Broken,,Open,,,BRONX",
];
const agency = [
  "CustomerID,ComplaintDossierID,ComplaintID,ContactDate,ContactChannelID,ComplaintTheme_EN,ComplaintSubtheme_EN,ComplaintTopic_EN",
  "55,7,900,2016-01-12,8,services,payment,late",
  ",7,901,2016-01-12,8,services,payment,late",
];
const files = {
  "comcast_complaints.csv": comcast.join("\n"),
  "nyc311_20131225.csv": city.join("\n"),
  "bpi2016_complaints.csv": agency.join("\n"),
};

describe("imported complaints", () => {
  it("take the date that names its month, on the clock of the east coast", async () => {
    const imported = await importFiles(importComplaints, files);
    expect(eventOf(imported, "comcast-100:raised")).toMatchObject({
      subject: "account:comcast-100",
      time: "2015-04-22T19:53:50.000Z",
      data: { ticketId: "100", ticketType: "complain", channel: "phone", status: "acknowledged" },
    });
    expect(eventOf(imported, "comcast-101:raised")).toMatchObject({
      time: "2015-08-04T14:22:56.000Z",
      data: { channel: "web", attributes: { state: "Maine", onBehalf: true } },
    });
  });

  it("do not guess when a ticket was closed if the file only says that it was", async () => {
    const { events } = await importFiles(importComplaints, files);
    expect(events.filter(({ id }) => id.startsWith("comcast")).map(({ type }) => type)).toEqual(
      Array.from({ length: 2 }, () => "org.troth.complaint.raised.v1"),
    );
    expect(JSON.stringify(events)).not.toMatch(/slow|dear|Closed/);
  });

  it("carry the due date and are resolved at the closing date", async () => {
    const imported = await importFiles(importComplaints, files);
    expect(eventOf(imported, "nyc311-1:raised")).toMatchObject({
      time: "2013-12-26T04:59:08.000Z",
      data: { requestedResolutionDate: "2013-12-26T12:59:08.000Z", category: "Noise" },
    });
    expect(eventOf(imported, "nyc311-1:resolved")).toMatchObject({
      recordedtime: "2013-12-26T06:15:00.000Z",
      data: { status: "resolved", resolutionDate: "2013-12-26T06:15:00.000Z" },
    });
    expect(imported.events.map(({ id }) => id)).not.toContain("nyc311-3:resolved");
  });

  it("noted by the day alone are known when the day is over", async () => {
    const imported = await importFiles(importComplaints, files);
    for (const id of ["nyc311-2:raised", "nyc311-2:resolved"]) {
      expect(eventOf(imported, id)).toMatchObject({
        time: "2013-12-25T05:00:00.000Z",
        recordedtime: "2013-12-26T04:59:59.999Z",
      });
    }
    expect(eventOf(imported, "bpi2016-900:raised")).toMatchObject({
      subject: "customer:55",
      time: "2016-01-11T23:00:00.000Z",
      recordedtime: "2016-01-12T22:59:59.999Z",
    });
  });

  it("that are damaged are set aside by file, line and field", async () => {
    const { aside } = await importFiles(importComplaints, files);
    expect(aside).toEqual([
      "4 bad-key Ticket #",
      "5 bad-time Date_month_year",
      "6 unknown-code Received Via",
      "5 bad-time Closed Date",
      "6 duplicate-key Unique Key",
      "3 missing-key CustomerID",
    ]);
  });

  it("come from as many of the three files as the folder holds", async () => {
    const one = await importFiles(importComplaints, {
      "BPI2016_Complaints.csv": agency.join("\n").replaceAll(",", ";"),
    });
    expect(one.events).toHaveLength(1);
    await expect(importFiles(importComplaints, {})).rejects.toThrow(/nyc311\*/);
  });
});
