import { actsFrame, showActs } from "./acts.js";
import { customerChain } from "./chain.js";
import { byId, forget, h, number, show } from "./dom.js";
import { noteEvents } from "./evidence.js";
import { mendings } from "./mendings.js";
import { promises } from "./promises.js";
import { proposal } from "./proposal.js";
import { named } from "./queue.js";
import { score } from "./score.js";
import { levelBadge } from "./signs.js";
import { prose, since, time } from "./time.js";
import { foldTimeline, timeline } from "./timeline.js";
import { trend } from "./trend.js";

let open = null;
let places = null;

const card = (title, name) => {
  const body = h("div", { class: "card-body" });
  const element = h("section", { class: `card card-${name}` }, h("h3", {}, title), body);
  return { element, body };
};

function frame(goBack) {
  const cards = {
    chain: card("The chain", "chain"),
    advice: card("What to do", "advice"),
    score: card("How the score adds up", "score"),
    promises: card("Promises", "promises"),
    proposal: card("How to put it right", "proposal"),
    mendings: card("Put right so far", "mendings"),
    timeline: card("What happened", "timeline"),
  };
  const head = h("div", { class: "customer-head" });
  const acts = actsFrame();
  const back = h(
    "button",
    { type: "button", class: "quiet back", on: { click: goBack } },
    "← All customers",
  );
  const element = h(
    "article",
    { class: "customer-page" },
    back,
    head,
    acts.element,
    cards.chain.element,
    h(
      "div",
      { class: "columns" },
      h(
        "div",
        { class: "column" },
        cards.advice.element,
        cards.proposal.element,
        cards.score.element,
        cards.mendings.element,
        cards.promises.element,
      ),
      h("div", { class: "column" }, cards.timeline.element),
    ),
  );
  const bodies = Object.fromEntries(Object.entries(cards).map(([name, { body }]) => [name, body]));
  return {
    element,
    head,
    acts: acts.bar,
    adviceCard: cards.advice.element,
    mendingsCard: cards.mendings.element,
    proposalCard: cards.proposal.element,
    ...bodies,
  };
}

const alertWords = {
  opened: "alert open",
  acknowledged: "alert open and seen",
  amended: "alert open",
};
const unpromised = " · nobody has promised to put it right; whoever takes it on does";
/** An alert as people speak of it: open since when, and how often its reason changed. */
const alertLine = ({ rule, state, revision, openedAt, alertId, isRecoveryPromised }) =>
  h(
    "span",
    { class: "meta", title: `alert ${alertId}` },
    rule === "critical" ? "one promise broken past bearing" : "many things that add up",
    ` · ${alertWords[state] ?? state} since `,
    time(openedAt),
    revision > 1 ? `, said anew ${revision === 2 ? "once" : `${revision - 1} times`}` : null,
    isRecoveryPromised ? null : unpromised,
  );

function heading({ summary, references, profile, alertAt }) {
  const { alert } = summary;
  return [
    h(
      "div",
      { class: "customer-line" },
      levelBadge(summary.level),
      h(
        "h2",
        { class: "customer-name", tabindex: "-1", id: "customer-name" },
        named(summary.customer),
      ),
      h(
        "span",
        { class: "customer-score" },
        h("strong", {}, number(summary.score)),
        " points",
        h("span", { class: "meta" }, `, an alert from ${number(alertAt)}`),
      ),
      summary.since === null
        ? null
        : h("span", { class: "meta" }, "at risk for ", since(summary.since)),
      alert === null ? null : alertLine(alert),
    ),
    h("p", { class: "customer-says" }, prose(summary.says)),
    h(
      "div",
      { class: "customer-known" },
      summary.wants.map((one) => h("span", { class: "wants" }, one)),
      profile
        .filter(({ label }) => ["Segment", "Tier", "Region"].includes(label))
        .map(({ label, value }) => h("span", { class: "chip" }, `${label.toLowerCase()} ${value}`)),
      references.slice(0, 12).map((reference) => h("span", { class: "chip" }, reference)),
      references.length > 12
        ? h("span", { class: "meta" }, `and ${references.length - 12} more names`)
        : null,
    ),
  ];
}

const adviceList = (title, name, words, items) =>
  items.length === 0
    ? null
    : h(
        "div",
        { class: `advice advice-${name}` },
        h("h4", {}, title),
        h(
          "ul",
          {},
          items.map((one) => h("li", {}, h("span", { class: "sr" }, words), one)),
        ),
      );

const advice = ({ dos, donts }) => [
  adviceList("Do", "do", "Do: ", dos),
  adviceList("Do not", "dont", "Do not: ", donts),
];

/** Shows a customer, or brings the one shown up to date without moving anything the reader looks at. */
export function showCustomer(page, goBack) {
  const place = byId("customer");
  if (open !== page.summary.customer || places === null) {
    open = page.summary.customer;
    places = frame(goBack);
    forget(place);
    foldTimeline();
    place.replaceChildren(places.element);
    place.scrollTop = 0;
  }
  // Evidence leads into the timeline, so it must be known before anything rests on it.
  noteEvents(page.timeline.filter(({ kind }) => kind === "fact").map(({ id }) => id));
  const { summary, references, profile, alertAt } = page;
  show(places.head, { summary, references, profile, alertAt }, heading);
  showActs(places.acts, page);
  show(places.chain, page.chain, customerChain);
  places.adviceCard.hidden = page.do.length + page.dont.length === 0;
  show(places.advice, { dos: page.do, donts: page.dont }, advice);
  const onPage = page.timeline.length;
  const { breakdown } = page;
  // The last point is of this very moment and would have the card made anew at every look.
  const known = page.trend.slice(0, -1);
  show(places.score, { breakdown, alertAt, onPage, known }, (data) => [
    trend(page.trend, alertAt),
    score(data),
  ]);
  show(places.promises, { rows: page.promises, onPage, acts: page.acts }, ({ rows, acts }) =>
    promises(rows, { reference: summary.customer, acts }),
  );
  const { recommendation } = page;
  places.proposalCard.hidden = recommendation === null;
  if (recommendation !== null) {
    const context = { reference: summary.customer, alertId: summary.alert?.alertId ?? null };
    show(places.proposal, { recommendation, context }, (data) =>
      proposal(data.recommendation, data.context),
    );
  }
  places.mendingsCard.hidden = page.mendings.length === 0;
  show(places.mendings, { mendings: page.mendings, acts: page.acts }, ({ mendings: held, acts }) =>
    mendings(held, { reference: summary.customer, acts }),
  );
  show(places.timeline, { entries: page.timeline, dropped: page.timelineDropped }, (data) =>
    timeline(data.entries, data.dropped),
  );
}

/** Nobody is open any more, or somebody is asked for who is not known. */
export function closeCustomer() {
  open = null;
  places = null;
}

export function showUnknown(reference, why, goBack) {
  closeCustomer();
  show(byId("customer"), { reference, why }, () =>
    h(
      "div",
      { class: "home" },
      h(
        "button",
        { type: "button", class: "quiet back", on: { click: goBack } },
        "← All customers",
      ),
      h("h2", { class: "home-title", id: "customer-name", tabindex: "-1" }, reference),
      h("p", { class: "home-lead" }, why),
    ),
  );
}

export const focusCustomer = () => byId("customer-name")?.focus();
