import { isoTime } from "@troth/events";
import { Cells } from "./cells.ts";
import { findFile } from "./files.ts";
import type { ImportedEvent, ImportIo } from "./importer.ts";
import { type LocalTime, openZoneTimes, readIso } from "./local-time.ts";
import { openSchedule, type Schedule } from "./schedule.ts";
import { sentimentModel, sentimentOf } from "./sentiment.ts";

/** The set was gathered in the Pacific zone; its public edition says `-0800` after each time. */
const times = openZoneTimes("America/Los_Angeles");
const dayMs = 86_400_000;

const columns = [
  { name: "tweet_created_iso", also: ["tweet_created"] },
  "airline_sentiment",
  "airline",
  "name",
  { name: "text", optional: true },
] as const;
type Field = Extract<(typeof columns)[number], string> | "tweet_created_iso" | "text";

const outcomeOf: ReadonlyMap<string, string> = new Map([
  ["positive", "enjoyed"],
  ["neutral", "indifferent"],
  ["negative", "not_enjoyed"],
]);

const readCreated = (text: string): LocalTime | null => readIso(text.replace(/ -0[78]00$/, ""));

type Mention = {
  readonly id: string;
  readonly subject: string;
  readonly at: number;
  readonly airline: string;
  readonly outcome: string;
  /** How its text sounds to a lexicon; null unless asked for. */
  readonly sentiment: number | null;
};

function addMention(schedule: Schedule, mention: Mention): void {
  const { id, subject, at, airline, outcome, sentiment } = mention;
  schedule.add(
    {
      kind: "social.mention",
      id,
      source: "urn:tweets-airline:mentions",
      subject,
      time: at,
      recorded: at,
    },
    () => ({
      platform: "twitter",
      postUri: `urn:tweets-airline:${id}`,
      datePublished: isoTime(at),
      sentiment: sentiment === null ? undefined : { score: sentiment, model: sentimentModel },
      attributes: { airline },
    }),
  );
  const label = { source: "urn:tweets-airline:labels", subject };
  const question = { invitationId: id, attributes: { question: "sentiment" } };
  schedule.add(
    { kind: "survey.invited", id: `${id}:invited`, time: at, recorded: at, ...label },
    () => ({ ...question, reasonForAsking: "random", askProbability: 1 }),
  );
  const answered = at + dayMs;
  schedule.add(
    { kind: "survey.answered", id: `${id}:answered`, time: answered, recorded: answered, ...label },
    () => ({ ...question, outcome }),
  );
}

/**
 * Tweets about airlines. Neither their text nor anything people concluded from it (sentiment,
 * reason, retweets counted later) is in the mention; the sentiment is the truth, answered a day
 * after, since the file does not say when people labelled it. `tweet_id` was damaged by a
 * spreadsheet and repeats, so a tweet is named by the line it begins on.
 */
export const importTweets = (dir: string, io: ImportIo): AsyncGenerator<ImportedEvent> =>
  tweets(dir, io, false);

/** The same, with how each text sounds to a lexicon. The text itself is in no event. */
export const importScoredTweets = (dir: string, io: ImportIo): AsyncGenerator<ImportedEvent> =>
  tweets(dir, io, true);

async function* tweets(
  dir: string,
  io: ImportIo,
  readText: boolean,
): AsyncGenerator<ImportedEvent> {
  const path = await findFile(dir, ["tweets_airline", "Tweets"], io);
  const schedule = openSchedule();
  for await (const { line, row } of io.openRows<Field>(path, columns)) {
    const cells = new Cells(row);
    const mention = {
      id: `tweet:${line}`,
      subject: `handle:${cells.key("name")}`,
      at: times.instantOf(cells.local("tweet_created_iso", readCreated)),
      airline: cells.text("airline"),
      outcome: cells.code("airline_sentiment", outcomeOf) ?? "",
      sentiment: readText ? sentimentOf(cells.text("text")) : null,
    };
    const trouble = cells.trouble();
    if (trouble !== null) io.setAside({ ...trouble, file: path, line });
    else addMention(schedule, mention);
  }
  yield* schedule.events();
}
