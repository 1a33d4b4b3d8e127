import { type Outcome, type Touch, touchesOf } from "@troth/truth";
import { describe, expect, test } from "vitest";
import { openFolder } from "../../services/troth/src/import/files.ts";
import { importFolder } from "../../services/troth/src/import/fixture.ts";
import { importers, readingText } from "../../services/troth/src/import/index.ts";
import { soundsLike } from "../../services/troth/src/import/sentiment.ts";
import { publicData } from "../support/public-data.ts";
import { truthLine } from "../support/truth-line.ts";

const { data, missing } = publicData;
const resampling = { resamples: 200, seed: 1 };
const hour = 3_600_000;

const shown = ({ name, touched, precision, lift }: Touch): string =>
  `${name}: ${touched}, ${precision.value?.toFixed(3)}, lift ${lift.value?.toFixed(2)} (${lift.low?.toFixed(2)} to ${lift.high?.toFixed(2)})`;
const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** One answer about one customer, and what had touched them. */
const answered = (customer: string, outcome: Outcome, rules: readonly string[]) => ({
  ...truthLine({ customer, rules }),
  outcome,
});

describe.skipIf(missing !== "")(
  `other truths people left behind${missing}`,
  { timeout: 300_000 },
  () => {
    test("who hung up in the queue calls back within the hour far more often than who was served", async () => {
      const { events } = await importFolder(importers.calls, data);
      const calls = events
        .filter(
          ({ subject, data: { direction } }) =>
            subject.startsWith("customer:") && direction !== "outbound",
        )
        .map((event) => ({
          customer: event.subject,
          from: Date.parse(String(event.data["initiatedAt"])),
          until: Date.parse(event.time),
          gaveUp: event.data["abandoned"] === true,
        }));
      const byCustomer = new Map<string, (typeof calls)[number][]>();
      for (const call of calls) {
        const own = byCustomer.get(call.customer) ?? [];
        byCustomer.set(call.customer, own);
        own.push(call);
      }
      const lines = calls.map(({ customer, until, gaveUp }) => {
        const back = (byCustomer.get(customer) ?? []).some(
          ({ from }) => from > until && from <= until + hour,
        );
        return answered(customer, back ? "not_enjoyed" : "enjoyed", [
          gaveUp ? "gave-up" : "served",
        ]);
      });
      const [gaveUp, served] = touchesOf(
        lines,
        ({ rules }) => rules,
        () => 0,
        resampling,
      );
      print(
        `Calls, of ${lines.length} by ${byCustomer.size} named customers, called back within the hour:`,
      );
      for (const one of [gaveUp, served]) if (one !== undefined) print(`  ${shown(one)}`);
      expect(gaveUp?.precision.value).toBeGreaterThan(0.27);
      expect(gaveUp?.lift.low).toBeGreaterThan(1.6);
      expect(served?.lift.high).toBeLessThan(1);
    });

    test("a lexicon agrees with people about tweets, but not well enough to be a verdict", async () => {
      const importer = readingText.tweets;
      if (importer === undefined) throw new Error("tweets have text");
      const { events } = await importFolder(importer, data);
      expect(JSON.stringify(events.slice(0, 300))).not.toContain("@VirginAmerica");
      const human = new Map(
        events
          .filter(({ type }) => type === "org.troth.survey.answered.v1")
          .map((event) => [event.data["invitationId"], event.data["outcome"]]),
      );
      const asOutcome = { positive: "enjoyed", neutral: "indifferent", negative: "not_enjoyed" };
      const mentions = events.filter(({ type }) => type === "org.troth.social.mention.v1");
      const lines = mentions.map((event) => {
        const sentiment = JSON.parse(JSON.stringify(event.data["sentiment"])).score;
        const agrees = human.get(event.id) === asOutcome[soundsLike(sentiment)];
        const sounds = soundsLike(sentiment) === "negative" ? ["sounds-bad"] : ["sounds-well"];
        const bad = human.get(event.id) === "not_enjoyed";
        return { agrees, line: answered(event.subject, bad ? "not_enjoyed" : "enjoyed", sounds) };
      });
      const [agreement] = touchesOf(
        lines.map(({ agrees, line }) => ({ ...line, outcome: agrees ? "not_enjoyed" : "enjoyed" })),
        () => ["agrees"],
        () => 0,
        resampling,
      );
      const { value, low, high } = agreement?.precision ?? { value: null, low: null, high: null };
      print(
        `Tweets: the lexicon agrees with people on ${value?.toFixed(3)} (${low?.toFixed(3)} to ${high?.toFixed(3)}) of ${lines.length}`,
      );
      const bad = touchesOf(
        lines.map(({ line }) => line),
        ({ rules }) => rules,
        () => 0,
        resampling,
      );
      for (const one of bad) print(`  ${shown(one)}, recall ${one.recall.value?.toFixed(3)}`);
      expect(lines).toHaveLength(10_347);
      expect(low).toBeGreaterThan(0.45);
      expect(high).toBeLessThan(0.75);
    });

    test("where people say delivery failed, the parcel was late; where they say quality, no more than elsewhere", async () => {
      const { io } = openFolder(
        () => undefined,
        () => undefined,
      );
      const columns = [
        "id",
        "order_estimated_delivery_date",
        "order_delivered_customer_date",
        "order_items_qty",
        "order_sellers_qty",
        "review_creation_date",
        "most_voted_class",
      ] as const;
      const labelled: { label: string; rules: readonly string[]; id: string }[] = [];
      for await (const { row } of io.openRows(`${data}/olist_classified.csv.gz`, columns)) {
        const promised = row.order_estimated_delivery_date.slice(0, 10);
        // What was known when they were asked: arrived by then, and by the promised day.
        const arrived = row.order_delivered_customer_date;
        const known = arrived !== "" && arrived < row.review_creation_date;
        const late = known
          ? arrived.slice(0, 10) > promised
          : row.review_creation_date.slice(0, 10) > promised;
        const many = Number(row.order_items_qty) > 1 || Number(row.order_sellers_qty) > 1;
        const rules = [
          ...(late ? ["late"] : []),
          ...(many ? ["several-items"] : []),
          ...(late || many ? [] : ["neither"]),
        ];
        labelled.push({ id: row.id, label: row.most_voted_class, rules });
      }
      const of = (label: string): readonly Touch[] =>
        touchesOf(
          labelled
            .filter((one) => one.label !== "")
            .map((one) =>
              answered(one.id, one.label === label ? "not_enjoyed" : "enjoyed", one.rules),
            ),
          ({ rules }) => rules,
          () => 0,
          resampling,
        );
      const links = {
        delivery: "problemas_de_entrega",
        quality: "problemas_de_qualidade",
      } as const;
      for (const [link, label] of Object.entries(links)) {
        print(`Reviews that people say are about ${link}:`);
        for (const one of of(label))
          print(`  ${shown(one)}, recall ${one.recall.value?.toFixed(3)}`);
      }
      const late = (label: string): Touch | undefined =>
        of(label).find(({ name }) => name === "late");
      expect(labelled.length).toBeGreaterThan(2400);
      expect(late(links.delivery)?.lift.low).toBeGreaterThan(2);
      expect(late(links.quality)?.lift.value).toBeLessThan(1);
      expect(late(links.quality)?.lift.high).toBeLessThan(1.2);
    });
  },
);
