import { describe, expect, it } from "vitest";
import { eventOf, importFiles } from "./fixture.ts";
import { importOpenrepair } from "./openrepair.ts";

const lines = [
  "id,data_provider,country,product_category,brand,year_of_manufacture,repair_status,repair_barrier_if_end_of_life,event_date,problem",
  "x_1,Club,NLD,Lamp,Acme,2010,Fixed,,2019-05-04,loose wire",
  "x_2,Club,DNK,Toaster,Unknown,????,End of life,Item too worn out,2019-05-03,burnt",
  "x_3,Club,DNK,Toaster,Unknown,2030,Repairable,,2019-05-03,",
  "x_4,Club,DNK,Toaster,Unknown,,Unknown,,2019-05-03,",
  "x_5,Club,NLD,Lamp,Acme,2010,Fixed,,1999-12-13,",
  "x_6,Club,NLD,Lamp,Acme,2010,Melted,,2019-05-04,",
  "x_1,Club,NLD,Lamp,Acme,2010,Fixed,,2019-05-04,",
  ",Club,NLD,Lamp,Acme,2010,Fixed,,2019-05-04,",
];

describe("an imported repair", () => {
  it("is a fault and a visit, known when their day is over", async () => {
    const imported = await importFiles(importOpenrepair, {
      "openrepair_events.csv": lines.join("\n"),
    });
    expect(eventOf(imported, "x_1:fault")).toMatchObject({
      subject: "device:x_1",
      time: "2019-05-04T00:00:00.000Z",
      recordedtime: "2019-05-04T23:59:59.999Z",
      data: { serial: "x_1", attributes: { category: "Lamp", brand: "Acme", ageYears: 9 } },
    });
    const ids = imported.events.map(({ id }) => id);
    expect(ids.slice(0, 6).sort()).toEqual([
      "x_2:fault",
      "x_2:visit",
      "x_3:fault",
      "x_3:visit",
      "x_4:fault",
      "x_4:visit",
    ]);
    expect(ids.slice(0, 3)).toEqual(["x_2:fault", "x_3:fault", "x_4:fault"]);
    expect(JSON.stringify(imported.events)).not.toMatch(/loose wire|burnt|worn/);
  });

  it("mends the thing, does not, or leaves it unsaid", async () => {
    const imported = await importFiles(importOpenrepair, {
      "openrepair_events.csv": lines.join("\n"),
    });
    const outcome = (id: string) => eventOf(imported, `${id}:visit`).data["outcome"];
    expect(["x_1", "x_2", "x_3", "x_4"].map(outcome)).toEqual([
      "completed",
      "incomplete",
      "incomplete",
      undefined,
    ]);
    const attributes = eventOf(imported, "x_3:visit").data["attributes"];
    expect(attributes).not.toHaveProperty("ageYears");
  });

  it("is set aside when dated before there were repair cafés, or when its row is damaged", async () => {
    const { aside } = await importFiles(importOpenrepair, {
      "openrepair_events.csv": lines.join("\n"),
    });
    expect(aside).toEqual([
      "6 bad-time event_date",
      "7 unknown-code repair_status",
      "8 duplicate-key id",
      "9 missing-key id",
    ]);
  });
});
