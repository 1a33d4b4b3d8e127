import { isoTime } from "@troth/events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as schemas from "../../services/desk/src/api/schemas.ts";
import { beLoud, tellThePast } from "../support/desk-mending.ts";
import { ask, openStoryDesk } from "../support/desk-server.ts";
import { storyEndsAt } from "../support/desk-story.ts";

let desk: Awaited<ReturnType<typeof openStoryDesk>>;
let ids = 0;
const newId = (): string => {
  ids += 1;
  return `00000000-0000-4000-9000-${String(ids).padStart(12, "0")}`;
};
beforeAll(async () => {
  desk = await openStoryDesk({}, 120);
});
afterAll(() => desk.close());

const pathOf = (customer: string, rest = ""): string =>
  new URL(`/api/customers/${encodeURIComponent(customer)}${rest}`, desk.url).href;
const read = async (customer: string): Promise<schemas.CustomerPage> =>
  schemas.customerPage.parse(JSON.parse((await ask(pathOf(customer))).text));
const report = async () =>
  schemas.mendingReport
    .strict()
    .parse(JSON.parse((await ask(new URL("/api/reports/mending", desk.url).href)).text));
const resolve = (customer: string, body: object, actId = newId()) =>
  ask(pathOf(customer, "/acts"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ act: "resolution", actId, ...body }),
  });

/** A customer whose parcel is late by so many days, and nothing else is known of them. */
function wronged(subject: string, daysLate: number, send = desk.send): string {
  send({
    specversion: "1.0",
    id: `${subject}-order`,
    source: "urn:test:shop",
    type: "org.troth.order.placed.v1",
    subject,
    time: isoTime(storyEndsAt - 30 * 86_400_000),
    recordedtime: isoTime(storyEndsAt),
    data: {
      orderNumber: `${subject}-1`,
      expectedArrivalUntil: isoTime(storyEndsAt - daysLate * 86_400_000),
    },
  });
  return subject;
}

describe("what is proposed to put it right", () => {
  test("is nothing as long as nothing is known, and it says so", async () => {
    const { recommendation } = await read(wronged("customer:first", 8));
    expect(recommendation?.proposed).toBeNull();
    expect(recommendation?.reasons.join()).toMatch(/Too little is known/);
    expect(recommendation?.ranked.length).toBeGreaterThan(2);
  });

  test("once outcomes are known is the way that did best for what it costs, with interval and reasons", async () => {
    tellThePast(desk.send);
    const { recommendation } = await read("customer:first");
    const { proposed, reasons, ranked } = recommendation ?? {};
    expect((await report()).outcomes).toBe(600);
    expect(ranked?.[0]).toMatchObject({ candidate: "large-credit" });
    expect(proposed).not.toBeNull();
    expect(proposed?.low).toBeLessThan(proposed?.expected ?? 0);
    expect(proposed?.high).toBeGreaterThan(proposed?.expected ?? 10);
    expect(reasons?.join()).toMatch(/Broken on delivery, severity \d of 5/);
  });

  test("taken or declined goes on the record with what was expected of it and how likely it was proposed", async () => {
    const customer = wronged("customer:second", 9);
    const { recommendation, summary } = await read(customer);
    const candidate = recommendation?.proposed?.candidate;
    const alertId = summary.alert?.alertId;
    const answer = await resolve(customer, { alertId, candidate, response: "accepted" });
    expect(answer.status, answer.text).toBe(201);
    const { timeline } = await read(customer);
    const fact = timeline.find((one) => one.kind === "fact" && one.type === "resolution.accepted");
    const fields = fact?.kind === "fact" ? fact.fields.map(({ label }) => label) : [];
    expect(fields).toEqual(
      expect.arrayContaining(["Predicted score", "Propensity", "Interval", "Basis"]),
    );
  });

  test("is for those who may offer it: an owner and an analyst see none", async () => {
    const url = new URL("/api/sign-in", desk.url).href;
    const signed = await ask(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"role":"owner"}',
    });
    const cookie = String(signed.headers["set-cookie"]).split(";")[0] ?? "";
    const { text } = await ask(pathOf("customer:first"), { headers: { cookie } });
    expect(JSON.parse(text).recommendation).toBeNull();
  });
});

describe("being loud pays nothing, from the first event to the last", () => {
  test("however often they call, post and complain, no way is worth more money and none more is offered", async () => {
    let compared = 0;
    for (const [place, daysLate] of [2, 4, 6, 8, 12].entries()) {
      const customer = wronged(`customer:quiet-${place}`, daysLate);
      const quiet = await read(customer);
      let before = quiet;
      for (const times of [1, 3, 9]) {
        beLoud(desk.send, customer, times);
        const loud = await read(customer);
        expect(loud.summary.score).toBeGreaterThan(before.summary.score);
        const money = ({ recommendation }: schemas.CustomerPage) => ({
          proposed: Number(recommendation?.proposed?.amount ?? 0),
          ranked: recommendation?.ranked.map((one) => [one.candidate, one.amount, one.expected]),
        });
        if (quiet.recommendation === null) continue;
        expect(money(loud)).toEqual(money(quiet));
        before = loud;
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThanOrEqual(9);
  });

  test("but worse harm is answered by more", async () => {
    const slight = await read(wronged("customer:slight", 1));
    const grave = await read(wronged("customer:grave", 10));
    const offered = ({ recommendation }: schemas.CustomerPage) =>
      recommendation?.ranked.map((one) => one.candidate) ?? [];
    expect(offered(grave)).toContain("large-credit");
    expect(offered(slight).length).toBeLessThanOrEqual(offered(grave).length);
  });
});

describe("how a customer sounds in writing", () => {
  const post = (subject: string, category: string) =>
    listening.send({
      specversion: "1.0",
      id: `${subject}-post`,
      source: "urn:test:posts",
      type: "org.troth.social.mention.v1",
      subject,
      time: isoTime(storyEndsAt),
      recordedtime: isoTime(storyEndsAt),
      data: {
        platform: "twitter",
        topic: "the parcel",
        sentiment: { score: -0.8, model: "vader-sentiment 1.1.3" },
        emotion: { vocabulary: "everyday-categories", category, confidence: 0.8 },
      },
    });
  let listening: Awaited<ReturnType<typeof openStoryDesk>>;
  const readThere = async (customer: string): Promise<schemas.CustomerPage> => {
    const url = new URL(`/api/customers/${encodeURIComponent(customer)}`, listening.url).href;
    return schemas.customerPage.parse(JSON.parse((await ask(url)).text));
  };
  beforeAll(async () => {
    listening = await openStoryDesk({}, 120, true);
    tellThePast(listening.send);
  });
  afterAll(() => listening.close());

  test("is not looked at unless somebody sets it: no tone, no manner, and the answer says so", async () => {
    const customer = wronged("customer:unheard", 9);
    beLoud(desk.send, customer, 2);
    const { recommendation } = await read(customer);
    expect(recommendation?.tone).toEqual({ isRead: false, heard: null });
    expect(recommendation?.manner).toEqual([]);
  });

  test("says how to speak with them and where that was read, once it is set", async () => {
    const customer = wronged("customer:heard", 9, listening.send);
    const quiet = (await readThere(customer)).recommendation;
    expect(quiet?.tone).toEqual({ isRead: true, heard: null });
    post(customer, "angry");
    const angry = (await readThere(customer)).recommendation;
    expect(angry?.tone.heard).toMatchObject({
      tone: "angry",
      says: "They sounded angry in what they wrote on twitter about the parcel. vader-sentiment 1.1.3 read it, 80 % sure; it may be wrong.",
      evidence: ["customer:heard-post"],
    });
    expect(angry?.manner.join()).toMatch(/Say sorry/);
    expect(angry?.proposed?.amount).toBe(quiet?.proposed?.amount);
    expect(angry?.ranked.map((one) => [one.candidate, one.amount])).toEqual(
      quiet?.ranked.map((one) => [one.candidate, one.amount]),
    );
  });

  test("pays nothing there either, however loud and in whatever tone", async () => {
    let compared = 0;
    for (const daysLate of [2, 5, 8, 12]) {
      for (const category of ["angry", "worried", "disappointed", "happy"]) {
        const customer = wronged(`customer:${category}-${daysLate}`, daysLate, listening.send);
        const quiet = (await readThere(customer)).recommendation;
        if (quiet === null) continue;
        post(customer, category);
        for (const times of [1, 4]) {
          beLoud(listening.send, customer, times);
          const loud = (await readThere(customer)).recommendation;
          expect(loud?.tone.heard).not.toBeNull();
          expect(loud?.proposed?.amount ?? null).toBe(quiet.proposed?.amount ?? null);
          expect(loud?.ranked.map((one) => [one.candidate, one.amount])).toEqual(
            quiet.ranked.map((one) => [one.candidate, one.amount]),
          );
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThanOrEqual(24);
  });

  test("is forgotten when the name it was written under turns out to be somebody else's", async () => {
    const customer = wronged("customer:mistaken", 9, listening.send);
    const at = isoTime(storyEndsAt);
    const link = (type: string, id: string) =>
      listening.send({
        specversion: "1.0",
        id,
        source: "urn:test:crm",
        type: `org.troth.identity.${type}.v1`,
        subject: "handle:twitter/mistaken",
        time: at,
        recordedtime: at,
        data: { reference: "handle:twitter/mistaken", customer },
      });
    link("linked", "link-1");
    post("handle:twitter/mistaken", "angry");
    expect((await readThere(customer)).recommendation?.tone.heard?.tone).toBe("angry");
    link("unlinked", "link-2");
    expect((await readThere(customer)).recommendation?.tone.heard).toBeNull();
  });
});

describe("the goodwill fund holds whatever people press", () => {
  test("two hundred offers at once are paid as far as there is money, and not one further", async () => {
    const before = await report();
    const left = Number(before.fund.left);
    const customers = Array.from({ length: 20 }, (_, n) => wronged(`customer:fund-${n}`, 9));
    const offer = {
      kind: "credit",
      ledger: "goodwill",
      amount: "25.00",
      currency: "EUR",
      response: "accepted",
    };
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => resolve(customers[n % 20] ?? "", offer)),
    );
    const accepted = answers.filter(({ status }) => status === 201).length;
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect(accepted).toBe(Math.floor(left / 25));
    expect(accepted).toBeGreaterThan(10);
    expect(accepted).toBeLessThan(200);
    const after = await report();
    expect(Number(after.fund.paid) - Number(before.fund.paid)).toBe(accepted * 25);
    expect(Number(after.fund.left)).toBeGreaterThanOrEqual(0);
  });

  test("what is owed by rule is paid all the same", async () => {
    const customer = wronged("customer:owed", 9);
    const owed = { kind: "credit", ledger: "entitlement", amount: "5000.00", response: "accepted" };
    expect((await resolve(customer, owed)).status).toBe(201);
  });

  test("more than is usual is not a representative's to give", async () => {
    const url = new URL("/api/sign-in", desk.url);
    const signed = await ask(url.href, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"role":"rep"}',
    });
    const cookie = String(signed.headers["set-cookie"]).split(";")[0] ?? "";
    const body = {
      act: "resolution",
      actId: newId(),
      kind: "credit",
      ledger: "goodwill",
      amount: "25.01",
      response: "declined",
    };
    const answer = await ask(pathOf("customer:owed", "/acts"), {
      method: "POST",
      headers: { "content-type": "application/json", cookie, origin: url.origin },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(409);
    expect(answer.text).toContain("a lead's to give");
  });

  test("the report says whether like harm was answered alike", async () => {
    const { parity, fund } = await report();
    expect(parity.length).toBeGreaterThan(0);
    expect(Number(fund.amount)).toBe(5_000);
  });
});
