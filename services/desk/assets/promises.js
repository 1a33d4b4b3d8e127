import { perform } from "./acts.js";
import { h, number } from "./dom.js";
import { evidence } from "./evidence.js";
import { verdictBadge, verdictFamily } from "./signs.js";
import { due, passed, span, time } from "./time.js";

const byWhom = { representative: "a representative", advert: "an advert" };

function clock(promise) {
  if (promise.due === null) return h("span", { class: "meta" }, "no date");
  const [dueAt, keptAt] = [Date.parse(promise.due), Date.parse(promise.keptAt ?? "")];
  if (promise.isLive) {
    return [
      h(
        "span",
        { class: "clock", style: { "--share": passed(promise.madeAt, promise.due) } },
        h("span", {}),
      ),
      due(promise.due),
      h("span", { class: "meta" }, " due ", time(promise.due)),
    ];
  }
  const isLate = !Number.isNaN(keptAt) && keptAt > dueAt;
  return h(
    "span",
    { class: "meta" },
    "due ",
    time(promise.due),
    promise.keptAt === null ? null : [", kept ", time(promise.keptAt)],
    isLate ? ` (${span(keptAt - dueAt)} late)` : null,
  );
}

/** What may be done about one promise. */
function tools(promise, { reference, acts }) {
  const button = (words, body) =>
    h(
      "button",
      {
        type: "button",
        class: "plain",
        "data-key": `${body.act} ${promise.promiseId}#${promise.term}`,
        on: { click: () => perform(reference, body) },
      },
      words,
      h("span", { class: "sr" }, `: ${promise.title}`),
    );
  if (promise.isLive && acts.includes("keep") && sayable.has(promise.template)) {
    return button("it is done", { act: "keep", promiseId: promise.promiseId });
  }
  return null;
}

/** Promises whose keeping somebody has to say; the rest show in what happens. */
const sayable = new Set(["call-back", "spoken-promise", "recovery-promise", "refund"]);

const rulings = {
  disputed: "Disputed, not ruled on yet",
  moved: "Ruled: another answers for it",
  upheld: "Disputed and ruled: it stays",
  withdrawn: "Disputed, taken back",
};

/** Who is to answer for it, where somebody doubts it. */
const chargeLine = ({ charge }) =>
  charge === null
    ? null
    : h(
        "div",
        { class: "meta charge" },
        `${rulings[charge.state]}${charge.chargedTo === null ? "" : ` (${charge.chargedTo})`}: ${charge.reason} · `,
        time(charge.at),
      );

const item = (context) => (promise) =>
  h(
    "li",
    { class: `promise promise-${verdictFamily(promise.verdict)}` },
    h(
      "div",
      { class: "promise-head" },
      verdictBadge(promise.verdict),
      h("span", { class: "promise-title" }, promise.title),
    ),
    h("div", { class: "promise-clock" }, clock(promise)),
    h(
      "div",
      { class: "meta" },
      `${promise.how} by ${byWhom[promise.madeBy] ?? `the ${promise.madeBy}`} · ${promise.link} · ${promise.owner}`,
      promise.severity > 0 ? ` · severity ${promise.severity} of 5` : null,
      " · ",
      evidence(promise.evidence),
      tools(promise, context),
    ),
    chargeLine(promise),
  );

const list = (promises, context) => h("ul", { class: "promises" }, promises.map(item(context)));

const folded = (key, words, promises, context) =>
  promises.length === 0
    ? null
    : h(
        "details",
        { "data-key": key },
        h("summary", {}, `${number(promises.length)} ${words}`),
        list(promises, context),
      );

const liveShown = 6;

/** What was promised: what can still be kept first, then what was broken, the rest folded away. */
export function promises(rows, context) {
  if (rows.length === 0) return h("p", { class: "none" }, "Nothing was promised yet.");
  const live = rows.filter(({ isLive }) => isLive);
  const broken = rows.filter(({ verdict }) => verdict === "broken");
  const rest = rows.filter((row) => !row.isLive && row.verdict !== "broken");
  return [
    live.length === 0
      ? h("p", { class: "none" }, "No promise is open.")
      : list(live.slice(0, liveShown), context),
    folded("promises-live", "more that are open", live.slice(liveShown), context),
    broken.length === 0 ? null : list(broken.slice(0, liveShown), context),
    folded("promises-broken", "more that were broken", broken.slice(liveShown), context),
    folded("promises-rest", "that were kept, moved or withdrawn", rest, context),
  ];
}
