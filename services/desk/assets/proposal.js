import { perform } from "./acts.js";
import { h, number } from "./dom.js";
import { evidence } from "./evidence.js";
import { time } from "./time.js";

const money = (one, currency) => (one.amount === null ? null : `${one.amount} ${currency}`);

const answers = [
  ["accepted", "They accept"],
  ["declined", "They decline"],
  ["no_answer", "No answer yet"],
];

/** What the customer said to an offer that was just made. */
const offering = (one, { reference, alertId }) =>
  h(
    "div",
    { class: "act-bar" },
    answers.map(([response, words]) =>
      h(
        "button",
        {
          type: "button",
          class: response === "accepted" ? "primary" : "quiet",
          "data-key": `offer ${one.candidate} ${response}`,
          on: {
            click: () =>
              perform(reference, {
                act: "resolution",
                candidate: one.candidate,
                response,
                ...(alertId === null ? {} : { alertId }),
              }),
          },
        },
        words,
        h("span", { class: "sr" }, `: ${one.says}`),
      ),
    ),
  );

/** Where the answer is expected to lie on the way from 0 to 10, and how surely. */
const expectation = (one) =>
  h(
    "span",
    { class: "expectation" },
    h(
      "span",
      { class: "expectation-bar", "aria-hidden": "true" },
      h("span", {
        class: "expectation-range",
        style: { "--low": one.low / 10, "--high": one.high / 10 },
      }),
      h("span", { class: "expectation-mean", style: { "--mean": one.expected / 10 } }),
    ),
    h(
      "span",
      { class: "meta" },
      `they would call it ${one.expected} of 10, most likely ${one.low} to ${one.high}`,
    ),
  );

const offer = (one, context, currency) =>
  h(
    "li",
    { class: "promise" },
    h(
      "div",
      { class: "promise-head" },
      h("strong", {}, one.says),
      h("span", { class: "meta" }, money(one, currency)),
    ),
    "expected" in one ? expectation(one) : null,
    offering(one, context),
  );

/** How to speak with them, and what was read to say so. */
const toneAndManner = ({ heard }, manner) =>
  heard === null
    ? null
    : [
        h("h4", { class: "owed" }, "How to speak with them"),
        h(
          "ul",
          { class: "manner" },
          manner.map((one) => h("li", {}, one)),
        ),
        h("p", { class: "meta heard" }, heard.says, " ", time(heard.at), evidence(heard.evidence)),
      ];

const moneyNote = ({ isRead }) =>
  `A person decides. How often or how loudly they complained moves no money.${
    isRead
      ? " How they sound says how to speak with them, and no more (setting emotionFromText: on)."
      : " How they sound is not looked at (setting emotionFromText: off)."
  }`;

/** What to offer and why; what is owed comes first, and where too little is known nothing is proposed. */
export function proposal(recommendation, context) {
  const { owed, proposed, ranked, reasons, currency, tone, manner } = recommendation;
  const others = ranked.filter((one) => one.candidate !== proposed?.candidate);
  return [
    owed.length === 0
      ? null
      : [
          h("h4", { class: "owed" }, "Owed by rule, whatever else is offered"),
          h(
            "ul",
            { class: "promises" },
            owed.map((one) => offer(one, context, currency)),
          ),
        ],
    proposed === null
      ? h("p", { class: "none" }, "Nothing is proposed: your judgement is better here.")
      : h("ul", { class: "promises proposed" }, offer(proposed, context, currency)),
    h(
      "ul",
      { class: "reasons meta" },
      // The first says in words what the bar shows.
      reasons.slice(proposed === null ? 0 : 1).map((one) => h("li", {}, one)),
    ),
    toneAndManner(tone, manner),
    others.length === 0
      ? null
      : h(
          "details",
          { "data-key": "proposal-others" },
          h("summary", {}, `${number(others.length)} other ways`),
          h(
            "ul",
            { class: "promises" },
            others.map((one) => offer(one, context, currency)),
          ),
        ),
    h("p", { class: "meta" }, moneyNote(tone)),
  ];
}
