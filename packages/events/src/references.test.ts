import { expect, it } from "vitest";
import { referencesOf } from "./references.ts";

it("every name in a fact is found, the subject first, none twice, broken ones left out", () => {
  expect(
    referencesOf({
      subject: "order:A-1",
      data: {
        customerRef: "customer:42",
        orderNumber: "A-1",
        accountRef: "acc 7",
        contactId: "c-9",
        phone: "+491701234567",
        handle: "@troth",
        deviceRef: "d1",
        serial: "d1",
        trackingNumber: "T",
      },
    }),
  ).toEqual([
    "order:A-1",
    "customer:42",
    "account:acc 7",
    "call:c-9",
    "phone:+491701234567",
    "handle:@troth",
    "device:d1",
  ]);
  expect(referencesOf({ subject: null, data: { orderNumber: " x", phone: 5 } })).toEqual([]);
});
