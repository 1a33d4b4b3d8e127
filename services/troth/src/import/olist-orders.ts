import type { Cells } from "./cells.ts";
import { findFile } from "./files.ts";
import type { ImportIo } from "./importer.ts";
import { daysBetween, openZoneTimes, readIso } from "./local-time.ts";
import { readProducts, readSellerStates } from "./olist-goods.ts";
import { readTable } from "./table.ts";

/** Times in the files are wall-clock times of the marketplace, without a zone. */
export const olistZone = "America/Sao_Paulo";
export const olistTimes = openZoneTimes(olistZone);

/** What items of an order come to. Money in cents. */
export type Basket = {
  count: number;
  priceCents: number;
  freightCents: number;
  shippingLimitAt: number;
  firstItem: number;
  category: string | null;
  sellers: Set<string>;
  products: Set<string>;
  sellerStates: Set<string>;
  weightGrams: number;
  photos: number;
};

export type Payment = {
  paidCents: number;
  largestCents: number;
  type: string;
  installments: number;
};

/** One order as its files have it. Times are UTC milliseconds. */
export type Order = {
  readonly id: string;
  readonly customer: string;
  readonly state: string;
  /** State and town; empty where the file does not say. */
  readonly town: string;
  readonly placedAt: number;
  readonly approvedAt: number | null;
  readonly handedOverAt: number | null;
  readonly deliveredAt: number | null;
  /** Last millisecond of the promised day. */
  readonly promisedUntil: number;
  readonly promisedDays: number;
  readonly sampleWeight: number | null;
  basket: Basket | null;
  payment: Payment | null;
};

export type Orders = ReadonlyMap<string, Order>;

/** The order a row belongs to, or trouble with the row. */
export function orderOf<N extends string>(
  orders: Orders,
  cells: Cells<N | "order_id">,
): Order | undefined {
  const order = orders.get(cells.key("order_id"));
  if (order === undefined) {
    const message = "the order is not in the orders file, or its row was set aside";
    cells.refuse("unknown-order", "order_id", message);
  }
  return order;
}

type Customer = { readonly unique: string; readonly state: string; readonly town: string };

async function readCustomers(dir: string, io: ImportIo): Promise<Map<string, Customer>> {
  const path = await findFile(dir, ["olist_customers_dataset", "olist_customers"], io);
  const customers = new Map<string, Customer>();
  const columns = [
    "customer_id",
    "customer_unique_id",
    "customer_state",
    { name: "customer_city", optional: true },
  ] as const;
  await readTable(path, columns, io, (cells) => {
    const id = cells.key("customer_id");
    const state = cells.text("customer_state");
    const customer = {
      unique: cells.key("customer_unique_id"),
      state,
      town: `${state} ${cells.text("customer_city")}`,
    };
    return () => customers.set(id, customer);
  });
  return customers;
}

const orderColumns = [
  "order_id",
  "customer_id",
  "order_purchase_timestamp",
  "order_approved_at",
  "order_delivered_carrier_date",
  "order_delivered_customer_date",
  "order_estimated_delivery_date",
  { name: "sample_weight", optional: true },
] as const;

/** `order_status` is never read: it is how the order ended and carries no time. */
async function readOrderRows(dir: string, io: ImportIo): Promise<Map<string, Order>> {
  const path = await findFile(dir, ["olist_orders_dataset", "olist_orders"], io);
  const customers = await readCustomers(dir, io);
  const orders = new Map<string, Order>();
  await readTable(path, orderColumns, io, (cells) => {
    const id = cells.key("order_id");
    const customer = customers.get(cells.key("customer_id"));
    if (customer === undefined) {
      cells.refuse("missing-key", "customer_id", "the customer is not in the customers file");
    }
    if (orders.has(id)) cells.refuse("duplicate-key", "order_id", "the order came before");
    const at = (field: (typeof orderColumns)[2 | 3 | 4 | 5 | 6]): number | null => {
      const local = cells.localIfAny(field, readIso);
      return local === null ? null : olistTimes.instantOf(local);
    };
    const placed = cells.local("order_purchase_timestamp", readIso);
    const promised = cells.local("order_estimated_delivery_date", readIso);
    const order: Order = {
      id,
      customer: customer?.unique ?? "",
      state: customer?.state ?? "",
      town: customer?.town ?? "",
      placedAt: olistTimes.instantOf(placed),
      approvedAt: at("order_approved_at"),
      handedOverAt: at("order_delivered_carrier_date"),
      deliveredAt: at("order_delivered_customer_date"),
      promisedUntil: olistTimes.endOfDay(promised),
      promisedDays: daysBetween(placed, promised),
      sampleWeight: cells.numberIfAny("sample_weight", { min: 0, max: 1_000_000 }),
      basket: null,
      payment: null,
    };
    return () => orders.set(id, order);
  });
  return orders;
}

const emptyBasket = (): Basket => ({
  count: 0,
  priceCents: 0,
  freightCents: 0,
  shippingLimitAt: 0,
  firstItem: Number.POSITIVE_INFINITY,
  category: null,
  sellers: new Set(),
  products: new Set(),
  sellerStates: new Set(),
  weightGrams: 0,
  photos: 0,
});

const itemColumns = [
  "order_id",
  "order_item_id",
  "product_id",
  "seller_id",
  "shipping_limit_date",
  "price",
  "freight_value",
] as const;

async function readItems(dir: string, orders: Orders, io: ImportIo): Promise<void> {
  const path = await findFile(dir, ["olist_order_items_dataset", "olist_order_items"], io);
  const products = await readProducts(dir, io);
  const sellerStates = await readSellerStates(dir, io);
  await readTable(path, itemColumns, io, (cells) => {
    const order = orderOf(orders, cells);
    const productId = cells.key("product_id");
    const product = products.get(productId);
    const seller = cells.key("seller_id");
    const number = cells.number("order_item_id", { min: 1, max: 10_000, whole: true });
    const limit = olistTimes.instantOf(cells.local("shipping_limit_date", readIso));
    const price = cells.cents("price");
    const freight = cells.cents("freight_value");
    if (order === undefined) return undefined;
    return () => {
      order.basket ??= emptyBasket();
      const { basket } = order;
      basket.count += 1;
      basket.priceCents += price;
      basket.freightCents += freight;
      basket.shippingLimitAt = Math.max(basket.shippingLimitAt, limit);
      basket.sellers.add(seller);
      basket.products.add(productId);
      const state = sellerStates.get(seller);
      if (state !== undefined) basket.sellerStates.add(state);
      basket.weightGrams += product?.weightGrams ?? 0;
      basket.photos = Math.max(basket.photos, product?.photos ?? 0);
      if (number < basket.firstItem) {
        basket.firstItem = number;
        basket.category = product?.category ?? null;
      }
    };
  });
}

const paymentColumns = [
  "order_id",
  "payment_type",
  "payment_installments",
  "payment_value",
] as const;

async function readPayments(dir: string, orders: Orders, io: ImportIo): Promise<void> {
  const path = await findFile(dir, ["olist_order_payments_dataset", "olist_order_payments"], io);
  await readTable(path, paymentColumns, io, (cells) => {
    const order = orderOf(orders, cells);
    const type = cells.key("payment_type");
    const cents = cells.cents("payment_value");
    const count = cells.number("payment_installments", { min: 0, max: 1000, whole: true });
    if (order === undefined) return undefined;
    return () => {
      order.payment ??= { paidCents: 0, largestCents: -1, type: "", installments: 0 };
      const { payment } = order;
      payment.paidCents += cents;
      payment.installments = Math.max(payment.installments, count);
      if (cents > payment.largestCents) {
        payment.largestCents = cents;
        payment.type = type;
      }
    };
  });
}

/** Orders with their items and payments, by order id. */
export async function readOrders(dir: string, io: ImportIo): Promise<Orders> {
  const orders = await readOrderRows(dir, io);
  await readItems(dir, orders, io);
  await readPayments(dir, orders, io);
  return orders;
}
