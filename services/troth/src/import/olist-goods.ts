import { findFileIfAny } from "./files.ts";
import type { ImportIo } from "./importer.ts";
import { readTable } from "./table.ts";

export type Product = {
  readonly category: string;
  readonly weightGrams: number;
  readonly photos: number;
};

/** Products by id, their category in English where the files translate it. */
export async function readProducts(dir: string, io: ImportIo): Promise<Map<string, Product>> {
  const english = new Map<string, string>();
  const words = ["product_category_name_translation", "olist_category_translation"];
  const wordsPath = await findFileIfAny(dir, words, "categories stay in Portuguese", io);
  if (wordsPath !== null) {
    const columns = ["product_category_name", "product_category_name_english"] as const;
    await readTable(wordsPath, columns, io, (cells) => {
      const name = cells.key("product_category_name");
      const translated = cells.key("product_category_name_english");
      return () => english.set(name, translated);
    });
  }
  const products = new Map<string, Product>();
  const names = ["olist_products_dataset", "olist_products"];
  const path = await findFileIfAny(dir, names, "orders say nothing of what was bought", io);
  if (path === null) return products;
  const columns = [
    "product_id",
    "product_category_name",
    { name: "product_photos_qty", optional: true },
    { name: "product_weight_g", optional: true },
  ] as const;
  await readTable(path, columns, io, (cells) => {
    const id = cells.key("product_id");
    const name = cells.text("product_category_name");
    const product = {
      category: english.get(name) ?? name,
      weightGrams: cells.numberIfAny("product_weight_g", { min: 0, max: 1_000_000 }) ?? 0,
      photos: cells.numberIfAny("product_photos_qty", { min: 0, max: 1000 }) ?? 0,
    };
    return () => products.set(id, product);
  });
  return products;
}

/** The two letters of each seller's state, by seller id. */
export async function readSellerStates(dir: string, io: ImportIo): Promise<Map<string, string>> {
  const states = new Map<string, string>();
  const names = ["olist_sellers_dataset", "olist_sellers"];
  const path = await findFileIfAny(dir, names, "orders do not say whether the seller is near", io);
  if (path === null) return states;
  await readTable(path, ["seller_id", "seller_state"] as const, io, (cells) => {
    const id = cells.key("seller_id");
    const state = cells.text("seller_state");
    return () => states.set(id, state);
  });
  return states;
}
