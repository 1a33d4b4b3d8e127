import { describe, expect, it } from "vitest";
import { eventOf, importFiles } from "./fixture.ts";
import { importTweets } from "./tweets.ts";

const head =
  "tweet_id,airline_sentiment,text,airline,negativereason,name,retweet_count,tweet_created,tweet_created_iso";
const lines = [
  head,
  '5.7E+17,negative,"@air you lost\nmy bag again",Air,Lost Luggage,someone,3,42059.1,2015-02-24T11:35:52',
  "5.7E+17,neutral,hello @air,Air,,other,0,42059.0,2015-02-24T11:15:59",
  "5.7E+17,furious,hello @air,Air,,other,0,42059.0,2015-02-24T11:15:59",
  "5.7E+17,neutral,hello @air,Air,,bro ken,0,42059.0,2015-02-24T11:15:59",
  "5.7E+17,neutral,hello @air,Air,,other,0,42059.0,",
];

describe("imported tweets", () => {
  it("mention the airline without their words or what people made of them", async () => {
    const imported = await importFiles(importTweets, { "tweets_airline.csv": lines.join("\n") });
    const mention = eventOf(imported, "tweet:2");
    expect(mention).toMatchObject({
      type: "org.troth.social.mention.v1",
      subject: "handle:someone",
      recordedtime: "2015-02-24T19:35:52.000Z",
    });
    expect(mention.data).toEqual({
      platform: "twitter",
      postUri: "urn:tweets-airline:tweet:2",
      datePublished: "2015-02-24T19:35:52.000Z",
      attributes: { airline: "Air" },
    });
    const early = imported.events.filter(({ type }) => !type.includes("answered"));
    expect(JSON.stringify(early)).not.toMatch(/lost|Luggage|negative|neutral|5\.7E/);
  });

  it("carry the label as the answer of a day later", async () => {
    const imported = await importFiles(importTweets, { "tweets_airline.csv": lines.join("\n") });
    expect(eventOf(imported, "tweet:2:invited").data["invitationId"]).toBe("tweet:2");
    expect(eventOf(imported, "tweet:2:answered")).toMatchObject({
      recordedtime: "2015-02-25T19:35:52.000Z",
      data: { invitationId: "tweet:2", outcome: "not_enjoyed" },
    });
    expect(eventOf(imported, "tweet:4:answered").data["outcome"]).toBe("indifferent");
  });

  it("with a damaged name, label or time are set aside by the line they begin on", async () => {
    const imported = await importFiles(importTweets, { "tweets_airline.csv": lines.join("\n") });
    expect(imported.aside).toEqual([
      "5 unknown-code airline_sentiment",
      "6 bad-key name",
      "7 bad-time tweet_created_iso",
    ]);
    expect(imported.events).toHaveLength(6);
  });

  it("are read from the public edition with its own times", async () => {
    const table =
      "airline_sentiment,airline,name,tweet_created\npositive,Air,a,2015-02-24 11:35:52 -0800";
    const imported = await importFiles(importTweets, { "Tweets.csv": table });
    expect(eventOf(imported, "tweet:2").time).toBe("2015-02-24T19:35:52.000Z");
    expect(eventOf(imported, "tweet:2:answered").data["outcome"]).toBe("enjoyed");
  });
});
