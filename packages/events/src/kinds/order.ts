import {
  instant,
  int,
  type KindTable,
  listOf,
  money,
  number,
  oneOf,
  required,
  text,
  until,
} from "./field.ts";

const delivery = {
  trackingNumber: text("The parcel.", "Schema.org ParcelDelivery.trackingNumber"),
  carrier: text("Who carries it.", "Schema.org ParcelDelivery.carrier"),
  expectedArrivalFrom: instant(
    "Earliest arrival now promised.",
    "Schema.org ParcelDelivery.expectedArrivalFrom",
  ),
  expectedArrivalUntil: until(
    "Latest arrival now promised.",
    "Schema.org ParcelDelivery.expectedArrivalUntil",
  ),
  firstExpectedArrivalUntil: until("Latest arrival promised at first, before any re-promise."),
  deliveredAt: instant("When it was handed to the customer."),
  quantityOrdered: number("Pieces ordered.", "Schema.org orderQuantity", 0),
  quantityDelivered: number("Pieces delivered.", "", 0),
  bizStep: text("Step of the goods: shipping, arriving …", "GS1 CBV bizStep", 64),
  disposition: text("Condition of the goods: in_transit, damaged …", "GS1 CBV disposition", 64),
  attemptNumber: int("Which attempt this was, from 1.", "", 1),
  reasonCode: text("Why, in the carrier's code."),
};

export const deliveryStatuses = [
  "InfoReceived",
  "InTransit",
  "OutForDelivery",
  "AttemptFail",
  "AvailableForPickup",
  "Delivered",
  "Exception",
  "Expired",
  "Pending",
];

export const orderKinds = {
  "order.placed": {
    doc: "The customer ordered; with it usually comes a promised date.",
    subject: "required",
    fields: {
      orderNumber: required(
        text("The order; also joins `order:` to the customer.", "Schema.org Order.orderNumber"),
      ),
      placedAt: instant("When it was ordered.", "Schema.org Order.orderDate"),
      expectedArrivalUntil: until(
        "Latest arrival promised.",
        "Schema.org ParcelDelivery.expectedArrivalUntil",
      ),
      shippingLimitAt: until("By when the seller is to hand it over."),
      itemCount: int("Items in it."),
      sellerCount: int("Different sellers in it."),
      sellerRefs: listOf(text("Sellers in it.", "Schema.org Order.seller"), 64),
      totalAmount: money("What it costs, carriage included.", "Schema.org Order.price"),
      campaignId: text("Campaign it came from."),
      offerId: text("Offer it took up.", "Schema.org Order.acceptedOffer"),
      category: text("Kind of goods, the first item's."),
      dealRef: text("Deal it was made under."),
    },
  },
  "delivery.status": {
    doc: "Where a parcel is, as the carrier says. Hand-over to the carrier is InTransit.",
    subject: "required",
    fields: {
      ...delivery,
      deliveryStatus: required(
        oneOf(
          deliveryStatuses,
          "Where it is.",
          "AfterShip; Schema.org ParcelDelivery.deliveryStatus",
        ),
      ),
    },
  },
  "delivery.missed": {
    doc: "Somebody says outright that a delivery did not happen as promised.",
    subject: "required",
    fields: {
      ...delivery,
      deliveryStatus: oneOf(
        deliveryStatuses,
        "Where it is.",
        "AfterShip; Schema.org ParcelDelivery.deliveryStatus",
      ),
    },
  },
  "supply.problem": {
    doc: "Goods cannot be had as planned; orders already promised may be late.",
    subject: "cohort",
    fields: {
      sku: text("Own code of the goods.", "Schema.org sku"),
      gtin: text("Trade number of the goods.", "Schema.org gtin", 14),
      availability: oneOf(
        ["OutOfStock", "BackOrder", "LimitedAvailability", "Discontinued", "PreOrder"],
        "State of supply.",
        "Schema.org ItemAvailability",
      ),
      backorderUntil: until("When supply is expected again."),
      supplierRef: text("Who supplies it."),
      affectedOrders: listOf(text("Orders known to be affected, by order number."), 1000),
      region: text("Region concerned, in the source's words.", "", 64),
      segment: text("Segment of customers concerned.", "", 64),
      quantityShort: number("Pieces missing.", "", 0),
      disposition: text("Condition of the goods.", "GS1 CBV disposition", 64),
    },
  },
} satisfies Record<string, KindTable>;
