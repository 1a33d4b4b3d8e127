import { openTrackRecord } from "@troth/truth";
import type { Order } from "./olist-orders.ts";

/**
 * What the marketplace knew of sellers, products and places at a moment. Answers enter it only when
 * they are recorded, in the order of the schedule; the sampling weight never does.
 */
export type OlistRecords = {
  readonly order: (order: Order) => void;
  readonly answer: (order: Order, bad: boolean) => void;
  readonly handOver: (order: Order, late: boolean) => void;
  /** Per mille above or below the house's share; the worst of the order's sellers and products. */
  readonly attributes: (order: Order) => {
    readonly sellerRecord: number | undefined;
    readonly productRecord: number | undefined;
    readonly sellerLateRecord: number | undefined;
    readonly ordersFromTown: number;
  };
};

const worst = (names: Iterable<string>, of: (name: string) => number): number | undefined => {
  const all = [...names].map(of);
  return all.length === 0 ? undefined : Math.max(...all);
};

export function openOlistRecords(): OlistRecords {
  const sellers = openTrackRecord(8);
  const products = openTrackRecord(5);
  const handOvers = openTrackRecord(8);
  const towns = new Map<string, number>();
  const sellersOf = (order: Order): Iterable<string> => order.basket?.sellers ?? [];
  const productsOf = (order: Order): Iterable<string> => order.basket?.products ?? [];
  return {
    order: ({ town }) => void towns.set(town, (towns.get(town) ?? 0) + 1),
    answer: (order, bad) => {
      for (const seller of sellersOf(order)) sellers.note(seller, bad);
      for (const product of productsOf(order)) products.note(product, bad);
    },
    handOver: (order, late) => {
      for (const seller of sellersOf(order)) handOvers.note(seller, late);
    },
    attributes: (order) => ({
      sellerRecord: worst(sellersOf(order), sellers.excess),
      productRecord: worst(productsOf(order), products.excess),
      sellerLateRecord: worst(sellersOf(order), handOvers.excess),
      ordersFromTown: towns.get(order.town) ?? 0,
    }),
  };
}
