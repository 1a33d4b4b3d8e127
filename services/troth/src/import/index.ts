import { importCalls } from "./calls.ts";
import { importComplaints } from "./complaints.ts";
import { withHolders } from "./holders.ts";
import type { Importer } from "./importer.ts";
import { importOlist } from "./olist.ts";
import { importOpenrepair } from "./openrepair.ts";
import { importServicenow } from "./servicenow.ts";
import { importScoredTweets, importTweets } from "./tweets.ts";

export type ImporterName =
  | "olist"
  | "servicenow"
  | "calls"
  | "tweets"
  | "openrepair"
  | "complaints";

export const importers: Readonly<Record<ImporterName, Importer>> = {
  olist: importOlist,
  servicenow: importServicenow,
  calls: withHolders(importCalls),
  tweets: withHolders(importTweets),
  openrepair: withHolders(importOpenrepair),
  complaints: withHolders(importComplaints),
};

/** Importers that read what people wrote, where they can; only when asked to. */
export const readingText: Readonly<Partial<Record<ImporterName, Importer>>> = {
  tweets: withHolders(importScoredTweets),
};

export const isImporterName = (text: string): text is ImporterName =>
  Object.hasOwn(importers, text);

export { openFolder, type Tally } from "./files.ts";
export {
  type AsideReason,
  type AsideRow,
  asideReasons,
  ImportError,
  type ImportErrorCode,
  type ImportedEvent,
  type Importer,
  type ImportIo,
} from "./importer.ts";
