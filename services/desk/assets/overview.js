import { brokenWords, percent, shareRing, sparkline } from "./chain.js";
import { byId, counted, h, number, show } from "./dom.js";
import { segmentsCard } from "./segments.js";
import { levelBadge, levelWords } from "./signs.js";
import { prose, time } from "./time.js";

const figure = (value, words, properties = {}) =>
  h("span", { class: "figure", ...properties }, h("strong", {}, value), ` ${words}`);

/** Why 1,000 points may stand above 2,836: one thing past bearing comes before many that add up. */
const levelTitles = {
  critical: "One promise broken past bearing, whatever the points",
  high: "Things that add up to an alert",
  medium: "Things that add up to nearly an alert",
  low: "Something stands against us",
};

/** The line at the top: how many, how bad, and as of when. */
export function showHeadline(overview, { level, setLevel }) {
  const { levels, brokenLastDay, keptShare, logTime } = overview;
  show(byId("headline"), { levels, brokenLastDay, keptShare, logTime, level }, () => [
    h(
      "div",
      { class: "levels", role: "group", "aria-label": "Customers by level" },
      ["critical", "high", "medium", "low"].map((name) =>
        h(
          "button",
          {
            type: "button",
            class: "level-button",
            "data-key": `level-${name}`,
            "aria-pressed": String(level === name),
            title: levelTitles[name],
            on: { click: () => setLevel(level === name ? "" : name) },
          },
          levelBadge(name),
          h("strong", {}, number(levels[name])),
        ),
      ),
    ),
    figure(number(brokenLastDay), "broken in 24 h"),
    figure(percent(keptShare), "of promises kept"),
    h("span", { class: "figure figure-time" }, "as of ", time(logTime)),
  ]);
}

/** The service chain: every link's promises, kept and broken; pressing one filters the queue. */
export function showStrip({ links, silentSources }, { link, setLink }) {
  show(byId("strip"), { links, link, silentSources }, () =>
    h(
      "ol",
      { class: "strip-links" },
      links.map((one) =>
        h(
          "li",
          { class: one.keptShare === null ? "strip-link strip-quiet" : "strip-link" },
          h(
            "button",
            {
              type: "button",
              "data-key": `link-${one.link}`,
              "aria-pressed": String(link === one.link),
              title: `${one.says}: ${one.owner}, ${one.operatedBy}. Broken in the last 14 days: ${one.brokenByDay.join(", ")}`,
              on: { click: () => setLink(link === one.link ? "" : one.link) },
            },
            shareRing(one.keptShare),
            h("span", { class: "strip-name" }, one.link),
            h(
              "span",
              { class: "strip-broken" },
              one.broken === 0
                ? [
                    h("span", { "aria-hidden": "true" }, "–"),
                    h("span", { class: "sr" }, "none broken"),
                  ]
                : brokenWords(one.broken),
            ),
            h(
              "span",
              { class: "sr" },
              `, ${one.owner}: ${percent(one.keptShare)} kept, ${number(one.brokenLastDay)} broken in 24 hours, ${counted(one.customers, "customer")} at risk`,
            ),
            sparkline(one.brokenByDay),
          ),
        ),
      ),
    ),
  );
}

const ownerRow = (one, owner, setOwner) =>
  h(
    "tr",
    {},
    h(
      "th",
      { scope: "row" },
      h(
        "button",
        {
          type: "button",
          class: "plain",
          "data-key": `owner-${one.owner}`,
          "aria-pressed": String(owner === one.owner),
          on: { click: () => setOwner(owner === one.owner ? "" : one.owner) },
        },
        one.owner,
      ),
    ),
    h("td", {}, percent(one.keptShare)),
    h("td", {}, number(one.kept)),
    h("td", { class: one.broken > 0 ? "is-broken" : "" }, number(one.broken)),
    h("td", {}, number(one.brokenLastDay)),
    h("td", {}, number(one.customers)),
    h("td", { title: "Let down, then put right as promised" }, number(one.saves)),
  );

/** What befell many at once, in one line each. */
const bulletin = (one) =>
  h(
    "li",
    {},
    time(one.at),
    h(
      "p",
      { title: one.says },
      one.touched === null
        ? prose(one.says)
        : [h("strong", {}, titled(one.name)), ` touched ${counted(one.touched, "customer")}.`],
      h("span", { class: "bulletin-owner meta" }, one.owner),
    ),
  );

const titled = (name) => {
  const words = name.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
};

const ownersTable = (owners, owner, setOwner) =>
  h(
    "table",
    { class: "owners" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        [
          "Owner",
          "Share kept",
          "Kept",
          "Broken",
          "Broken in 24 h",
          "Customers at risk",
          "Put right in time",
        ].map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    h(
      "tbody",
      {},
      owners
        .filter((one) => one.kept + one.broken + one.customers > 0)
        .map((one) => ownerRow(one, owner, setOwner)),
    ),
  );

/** What stands beside the queue while no customer is open: who answers for what, and what befell many. */
export function showHome(place, overview, { owner, setOwner, segments }) {
  const { owners, bulletins, policy, customers, atRisk } = overview;
  show(place, { owners, bulletins, policy, customers, atRisk, owner, segments }, () =>
    h(
      "div",
      { class: "home" },
      h("h2", { class: "home-title" }, "No customer is open"),
      h(
        "p",
        { class: "home-lead" },
        `${counted(atRisk, "customer is", "customers are")} at risk of ${number(customers)}. Open one from the list, or press `,
        h("kbd", {}, "j"),
        " to begin with the first.",
      ),
      h(
        "div",
        { class: "home-cards" },
        bulletins.length === 0
          ? null
          : h(
              "section",
              { class: "card" },
              h("h3", {}, "What befell many"),
              h("ol", { class: "bulletins" }, bulletins.map(bulletin)),
            ),
        h(
          "section",
          { class: "card" },
          h("h3", {}, "Who answers for what"),
          h(
            "div",
            { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Owners" },
            ownersTable(owners, owner, setOwner),
          ),
        ),
        segments === null ? null : segmentsCard(segments),
      ),
      h("p", { class: "meta" }, `Judged by policy ${policy.name}, ${policy.hash}.`),
    ),
  );
}

/** Nothing has come in yet: how to send the first event. */
export function showEmpty(place, { intakeUrl }) {
  const at = new Date(Date.now() - 60_000).toISOString();
  const event = JSON.stringify(
    {
      specversion: "1.0",
      id: "first-1",
      source: "urn:example:contact-centre",
      type: "org.troth.contact.completed.v1",
      time: at,
      recordedtime: at,
      subject: "customer:42",
      data: { contactId: "C-1", queueWaitSeconds: 2700, resolution: "unresolved" },
    },
    null,
    2,
  );
  const command = `curl -X POST ${intakeUrl ?? "http://127.0.0.1:8781/v1/events"} \\\n  -H 'content-type: application/cloudevents+json' \\\n  -d '${event}'`;
  show(place, { empty: intakeUrl }, () =>
    h(
      "div",
      { class: "home" },
      h("h2", { class: "home-title" }, "Nothing has come in yet"),
      h(
        "p",
        { class: "home-lead" },
        "Send the first event: a customer who waited 45 minutes and was not helped. They appear here as soon as it is judged.",
      ),
      h("pre", { class: "command", tabindex: "0", "aria-label": "Command" }, command),
    ),
  );
}

export const levelName = (level) => levelWords[level] ?? level;
