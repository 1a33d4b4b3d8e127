import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { eventOf, type Files, type Imported, importFiles } from "./fixture.ts";
import { ImportError } from "./importer.ts";
import { importOlist } from "./olist.ts";

const orderHead =
  "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date,sample_weight";
const late =
  "o1,c1,delivered,2017-11-24 10:00:00,2017-11-24 11:00:00,2017-11-28 09:00:00,2017-12-20 15:00:00,2017-12-11 00:00:00,5.0966";
const lost = "o2,c2,canceled,2018-01-02 08:00:00,,,,2018-01-20 00:00:00,1.0";

const tables = {
  olist_orders: [orderHead, late, lost],
  olist_customers: [
    "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state",
    "c1,u1,01000,sao paulo,SP",
    "c2,u2,20000,rio de janeiro,RJ",
  ],
  olist_order_items: [
    "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value",
    "o1,2,p2,s2,2017-11-30 11:00:00,20.10,5.05",
    "o1,1,p1,s1,2017-11-29 11:00:00,100.00,10.00",
  ],
  olist_order_payments: [
    "order_id,payment_sequential,payment_type,payment_installments,payment_value",
    "o1,1,voucher,1,35.15",
    "o1,2,credit_card,3,100.00",
  ],
  olist_order_reviews: [
    "review_id,order_id,review_score,review_comment_title,review_comment_message,review_creation_date,review_answer_timestamp",
    'r1,o1,1,,"nunca\nchegou",2017-12-13 00:00:00,2017-12-14 20:00:00',
    "r1,o2,3,,,2018-01-22 00:00:00,2018-01-23 09:00:00",
  ],
  olist_products: [
    "product_id,product_category_name,product_name_lenght,product_description_lenght,product_photos_qty,product_weight_g",
    "p1,beleza_saude,40,100,2,500",
    "p2,artes,40,100,1,250",
  ],
  olist_sellers: [
    "seller_id,seller_zip_code_prefix,seller_city,seller_state",
    "s1,1,x,SP",
    "s2,2,y,MG",
  ],
  olist_category_translation: [
    "product_category_name,product_category_name_english",
    "beleza_saude,health_beauty",
  ],
};
type Tables = Record<keyof typeof tables, readonly string[]>;

const filesOf = (changed: Partial<Tables> = {}): Files => {
  const all: Tables = { ...tables, ...changed };
  return Object.fromEntries(
    Object.entries(all).map(([name, lines]) => [`${name}.csv`, `${lines.join("\n")}\n`]),
  );
};
const run = (changed: Partial<Tables> = {}): Promise<Imported> =>
  importFiles(importOlist, filesOf(changed));

describe("an imported order", () => {
  it("tells its life in order of what could be known when", async () => {
    const { events, aside } = await run();
    expect(aside).toEqual([]);
    expect(events.map(({ id, recordedtime }) => `${recordedtime} ${id}`)).toEqual([
      "2017-11-24T12:00:00.000Z o1:profile",
      "2017-11-24T12:00:00.000Z o1:placed",
      "2017-11-24T13:00:00.000Z o1:billed",
      "2017-11-28T11:00:00.000Z o1:carrier",
      "2017-12-13T02:00:00.000Z r1:o1:invited",
      "2017-12-14T22:00:00.000Z r1:o1:answered",
      "2017-12-20T17:00:00.000Z o1:delivered",
      "2018-01-02T10:00:00.000Z o2:profile",
      "2018-01-02T10:00:00.000Z o2:placed",
      "2018-01-22T02:00:00.000Z r1:o2:invited",
      "2018-01-23T11:00:00.000Z r1:o2:answered",
    ]);
  });

  it("promises the end of the promised day and carries what the purchase shows", async () => {
    const { subject, data } = eventOf(await run(), "o1:placed");
    expect(subject).toBe("customer:u1");
    expect(data).toEqual({
      orderNumber: "o1",
      placedAt: "2017-11-24T12:00:00.000Z",
      expectedArrivalUntil: "2017-12-12T01:59:59.999Z",
      timeZone: "America/Sao_Paulo",
      regionCode: "BR-SP",
      sampleWeight: 5.0966,
      shippingLimitAt: "2017-11-30T13:00:00.000Z",
      itemCount: 2,
      sellerCount: 2,
      sellerRefs: ["s1", "s2"],
      totalAmount: { amount: "135.15", currency: "BRL" },
      category: "health_beauty",
      attributes: {
        promisedDays: 17,
        ordersFromTown: 0,
        productCount: 2,
        productRecord: 0,
        sellerLateRecord: 0,
        sellerRecord: 0,
        price: 120.1,
        freight: 15.05,
        weightGrams: 750,
        photos: 2,
        sameState: false,
        sellerStates: "MG SP",
        paymentType: "credit_card",
        installments: 3,
      },
    });
  });

  it("carries the seller's record as it was then: answers enter it once recorded, not before", async () => {
    const again = (id: string, at: string): string =>
      late.replace("o1,", `${id},`).replace("2017-11-24 10:00:00", at);
    const soldBy = (id: string): string => `${id},1,p1,s1,2018-01-01 11:00:00,100.00,10.00`;
    const imported = await run({
      olist_orders: [
        orderHead,
        late,
        again("o3", "2017-12-14 19:59:59"),
        again("o4", "2017-12-14 20:00:01"),
        lost,
      ],
      olist_order_items: [
        ...tables.olist_order_items,
        soldBy("o3"),
        soldBy("o4"),
        soldBy("o2").replace("s1", "s3"),
      ],
      // Somebody else is happy with another seller, so that the house is not all bad.
      olist_order_reviews: [
        ...tables.olist_order_reviews.slice(0, 2),
        "r2,o2,5,,,2017-12-01 00:00:00,2017-12-02 09:00:00",
      ],
    });
    const record = (id: string) => eventOf(imported, `${id}:placed`).data["attributes"];
    expect(record("o3")).toMatchObject({ sellerRecord: 0, sellerLateRecord: 0, ordersFromTown: 1 });
    // The house: two of three unhappy; this seller: one of one, beside eight at the house's share.
    expect(record("o4")).toMatchObject({ sellerRecord: 37, ordersFromTown: 2 });
    expect(eventOf(imported, "o1:delivered").data["attributes"]).toEqual({
      waitedDays: 26,
      daysToSpare: -9,
    });
  });

  it("speaks of the order, so that the customer is found through it", async () => {
    const imported = await run();
    for (const id of ["o1:billed", "o1:carrier", "o1:delivered", "r1:o1:invited"]) {
      expect(eventOf(imported, id).subject).toBe("order:o1");
    }
    expect(eventOf(imported, "o1:billed").data).toMatchObject({
      amountDue: { amount: "135.15", currency: "BRL" },
      expectedAmount: { amount: "135.15", currency: "BRL" },
    });
    expect(eventOf(imported, "o1:delivered").data).toMatchObject({
      deliveryStatus: "Delivered",
      deliveredAt: "2017-12-20T17:00:00.000Z",
      quantityOrdered: 2,
    });
  });

  it("says nothing of items the file does not have, rather than that there are none", async () => {
    const { data } = eventOf(await run(), "o2:placed");
    expect(data["itemCount"]).toBeUndefined();
    expect(data["totalAmount"]).toBeUndefined();
    expect(data["attributes"]).toEqual({ promisedDays: 18, ordersFromTown: 0 });
  });

  it("is known by its answer in three ways", async () => {
    const imported = await run();
    expect(eventOf(imported, "r1:o1:invited").data).toMatchObject({
      invitationId: "r1:o1",
      sampleWeight: 5.0966,
    });
    expect(eventOf(imported, "r1:o1:answered").data).toMatchObject({
      invitationId: "r1:o1",
      score: 1,
      outcome: "not_enjoyed",
    });
    expect(eventOf(imported, "r1:o2:answered").data["outcome"]).toBe("indifferent");
  });

  it("says the same before a moment whatever happens after it", async () => {
    const moment = "2017-12-13T02:00:00.000Z";
    const poisoned = late
      .replace("delivered,", "unavailable,")
      .replace("2017-12-20 15", "2018-03-01 01");
    const [head, review, other] = tables.olist_order_reviews;
    const other1 = await run({
      olist_orders: [orderHead, poisoned, lost],
      olist_order_reviews: [
        head ?? "",
        (review ?? "").replace(",o1,1,", ",o1,5,").replace("12-14", "12-30").replace("nunca", "x"),
        other ?? "",
      ],
    });
    const until = ({ events }: Imported): readonly string[] =>
      events.filter((event) => event.recordedtime <= moment).map((event) => JSON.stringify(event));
    expect(until(other1)).toEqual(until(await run()));
    expect(until(other1)).toHaveLength(5);
    expect(JSON.stringify(other1.events)).not.toContain("unavailable");
    expect(JSON.stringify(other1.events)).not.toContain("chegou");
  });
});

describe("rows that cannot be used", () => {
  it("are set aside with line, reason and field, and the others are imported", async () => {
    const imported = await run({
      olist_orders: [
        orderHead,
        late,
        late.replace("o1,", "o3,").replace("2017-11-24 10:00:00", "2017-11-31 10:00:00"),
        late.replace("o1,", "o4,").replace("2017-12-20 15:00:00", "yesterday"),
        late.replace("c1", "c9").replace("o1", "o5"),
        late,
        late.replace("5.0966", "heavy").replace("o1,", "o6,"),
        ",c1,x,,,,,,",
        lost,
      ],
    });
    expect(imported.aside).toEqual([
      "3 bad-time order_purchase_timestamp",
      "4 bad-time order_delivered_customer_date",
      "5 missing-key customer_id",
      "6 duplicate-key order_id",
      "7 bad-number sample_weight",
      "8 missing-key order_id",
    ]);
    expect(imported.events).toHaveLength(11);
  });

  it("of items, payments and reviews leave the order standing", async () => {
    const imported = await run({
      olist_order_items: [
        ...tables.olist_order_items,
        "o9,1,p1,s1,2017-11-29 11:00:00,1.00,1.00",
        "o1,3,p1,s1,2017-11-29 11:00:00,1e3,1.00",
      ],
      olist_order_payments: [...tables.olist_order_payments, "o1,3,credit_card,1,-5.00"],
      olist_order_reviews: [
        ...tables.olist_order_reviews,
        "r9,o9,5,,,2018-01-22 00:00:00,2018-01-23 09:00:00",
        "r8,o1,6,,,2018-01-22 00:00:00,2018-01-23 09:00:00",
        "r7,o1,4,,,2018-01-22 00:00:00,",
        "r1,o1,4,,,2018-01-22 00:00:00,2018-01-23 09:00:00",
      ],
    });
    // The two-line comment in line 2 pushes what follows down by one.
    expect(imported.aside).toEqual([
      "4 unknown-order order_id",
      "5 bad-number price",
      "4 bad-number payment_value",
      "5 unknown-order order_id",
      "6 bad-number review_score",
      "7 bad-time review_answer_timestamp",
      "8 duplicate-key review_id",
    ]);
    expect(eventOf(imported, "o1:placed").data["itemCount"]).toBe(2);
    expect(imported.events).toHaveLength(11);
  });
});

describe("the files of Olist", () => {
  it("give the same events under their public names, packed or not", async () => {
    const shipped = await run();
    const publicFiles = Object.fromEntries(
      Object.entries(filesOf()).map(([name, content]) => [
        name === "olist_category_translation.csv"
          ? "product_category_name_translation.csv"
          : `${name.replace(".csv", "_dataset.csv")}.gz`,
        name === "olist_category_translation.csv" ? content : gzipSync(content),
      ]),
    );
    expect((await importFiles(importOlist, publicFiles)).events).toEqual(shipped.events);
  });

  it("may lack the tables that only describe goods and sellers, and say so", async () => {
    const kept = Object.fromEntries(
      Object.entries(filesOf()).filter(([name]) => !/products|sellers|translation/.test(name)),
    );
    const imported = await importFiles(importOlist, kept);
    expect(imported.events).toHaveLength(11);
    expect(imported.notes).toHaveLength(3);
    expect(eventOf(imported, "o1:placed").data["category"]).toBeUndefined();
  });

  it("name every accepted name when one that is needed is missing", async () => {
    const { "olist_order_reviews.csv": _, ...files } = filesOf();
    const failed: unknown = await importFiles(importOlist, files).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ImportError);
    expect(String(failed)).toContain(
      "olist_order_reviews_dataset.csv[.gz] or olist_order_reviews.csv[.gz]",
    );
  });
});
