import { act } from "./api.js";
import { byId, h, show } from "./dom.js";
import { now, said } from "./time.js";

const hour = 3_600_000;
const iso = (ms) => new Date(ms).toISOString();

/** What a date and time field holds, and back; both in the reader's zone. */
const localText = (ms) => {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

const field = (label, element) => h("label", { class: "act-field" }, h("span", {}, label), element);
const choice = (name, choices) =>
  h(
    "select",
    { name },
    choices.map(([value, words]) => h("option", { value }, words)),
  );
const reason = (placeholder) =>
  h("input", {
    name: "reason",
    required: true,
    minlength: "3",
    maxlength: "200",
    placeholder,
    autocomplete: "off",
  });

const kinds = [
  ["apology", "an apology"],
  ["call-back", "a call back by name"],
  ["expedite", "hurry it along"],
  ["replace", "a replacement"],
  ["credit", "money back"],
  ["nothing", "nothing"],
];

/** Who disputes a charge does not rule on it. */
const isToBeRuled = ({ charge }) => charge?.state === "disputed" && !charge.isMine;
const rowNamed = (named) => {
  const at = named.lastIndexOf("#");
  return { promiseId: named.slice(0, at), term: Number(named.slice(at + 1)) };
};

/** The forms: fields, and what is sent of them. */
const forms = {
  snooze: {
    words: "Put it off…",
    send: "Put it off",
    fields: () => [
      field(
        "for",
        choice("hours", [
          ["1", "one hour"],
          ["4", "four hours"],
          ["24", "a day"],
          ["72", "three days"],
          ["168", "a week"],
        ]),
      ),
      field("because", reason("waits for the carrier")),
    ],
    body: (data, { alertId }) => ({
      act: "snooze",
      alertId,
      reason: data.get("reason"),
      until: iso(now() + Number(data.get("hours")) * hour),
    }),
  },
  promise: {
    words: "Promise…",
    send: "Promise it",
    fields: () => [
      field(
        "what",
        choice("kind", [
          ["call-back", "a call back"],
          ["answer", "an answer"],
          ["refund", "a refund"],
        ]),
      ),
      field(
        "by",
        h("input", {
          name: "due",
          type: "datetime-local",
          required: true,
          value: localText(Math.ceil((now() + 24 * hour) / hour) * hour),
          min: localText(now()),
        }),
      ),
    ],
    body: (data) => ({
      act: "promise",
      kind: data.get("kind"),
      dueUntil: iso(Date.parse(data.get("due"))),
    }),
  },
  resolution: {
    words: "Put it right…",
    send: "Write it down",
    fields: () => [
      field("offered", choice("kind", kinds)),
      field(
        "as",
        choice("ledger", [
          ["entitlement", "owed by rule"],
          ["goodwill", "goodwill"],
        ]),
      ),
      field(
        "amount",
        h("input", {
          name: "amount",
          inputmode: "decimal",
          pattern: "\\d{1,7}([.]\\d{1,2})?",
          placeholder: "for money: 25.00",
          autocomplete: "off",
        }),
      ),
      field(
        "they",
        choice("response", [
          ["accepted", "accepted"],
          ["declined", "declined"],
          ["no_answer", "have not answered"],
        ]),
      ),
    ],
    body: (data, { alertId }) => ({
      act: "resolution",
      ...(alertId === null ? {} : { alertId }),
      kind: data.get("kind"),
      ledger: data.get("ledger"),
      response: data.get("response"),
      ...(data.get("kind") === "credit" ? { amount: data.get("amount"), currency: "EUR" } : {}),
    }),
  },
  dispute: {
    words: "Dispute a charge…",
    send: "Dispute it",
    isFor: ({ promises }) => promises.some(({ verdict }) => verdict === "broken"),
    fields: ({ promises, chain }) => [
      field(
        "charged for",
        choice(
          "promise",
          promises
            .filter(({ verdict }) => verdict === "broken")
            .map((one) => [`${one.promiseId}#${one.term}`, `${one.title} (${one.link})`]),
        ),
      ),
      field(
        "it was",
        choice("chargedTo", [
          ["", "another link, to be found out"],
          ...chain.map(({ link }) => [link, link]),
        ]),
      ),
      field("because", reason("it was handed over three days late")),
    ],
    body: (data) => {
      const chargedTo = data.get("chargedTo");
      return {
        act: "dispute",
        ...rowNamed(data.get("promise")),
        reason: data.get("reason"),
        ...(chargedTo === "" ? {} : { chargedTo }),
      };
    },
  },
  rule: {
    words: "Rule on a charge…",
    send: "So ruled",
    isFor: ({ promises }) => promises.some(isToBeRuled),
    fields: ({ promises, chain }) => [
      field(
        "disputed",
        choice(
          "promise",
          promises
            .filter(isToBeRuled)
            .map((one) => [
              `${one.promiseId}#${one.term}`,
              `${one.title} (${one.link}): ${one.charge.reason}`,
            ]),
        ),
      ),
      field(
        "ruling",
        choice("ruling", [
          ["upheld", "it stays as it is"],
          ...chain.map(({ link }) => [`moved ${link}`, `${link} answers for it`]),
          ["withdrawn", "the dispute was taken back"],
        ]),
      ),
      field("because", reason("the hand-over scan shows it was on time")),
    ],
    body: (data) => {
      const [ruling, ...chargedTo] = data.get("ruling").split(" ");
      return {
        act: "rule",
        ...rowNamed(data.get("promise")),
        ruling,
        reason: data.get("reason"),
        ...(chargedTo.length === 0 ? {} : { chargedTo: chargedTo.join(" ") }),
      };
    },
  },
  "false-alarm": {
    words: "False alarm…",
    send: "It was none",
    fields: () => [field("because", reason("the customer had refused the parcel"))],
    body: (data, { alertId }) => ({ act: "false-alarm", alertId, reason: data.get("reason") }),
  },
};

const simple = { take: "Take it on", acknowledge: "I have seen it" };
const simpleTitles = {
  take: "It is yours from now on, and to be put right in time",
  acknowledge: "Others see that somebody knows; nobody has taken it on yet",
};

let opened = null;

const say = (words, isWrong = false) => {
  const place = byId("act-said");
  if (place === null) return;
  place.textContent = words;
  place.classList.toggle("is-wrong", isWrong);
};

/** Does an act; gives whether it went through. */
export async function perform(reference, body) {
  say("…");
  try {
    const { isShown } = await act(reference, { actId: crypto.randomUUID(), ...body });
    say(isShown ? "Done; it stands below." : "It is kept, and will stand below in a moment.");
    return true;
  } catch (error) {
    say(error.message, true);
    return false;
  }
}

function openForm(name, page) {
  const { words, send, fields, body } = forms[name];
  const form = h(
    "form",
    { class: "act", "aria-label": words.replace("…", "") },
    fields(page),
    h(
      "span",
      { class: "act-buttons" },
      h("button", { class: "primary" }, send),
      " ",
      h("button", { type: "button", class: "quiet", on: { click: () => close(name) } }, "Leave it"),
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const alertId = page.summary.alert?.alertId ?? null;
    const isDone = await perform(page.summary.customer, body(new FormData(form), { alertId }));
    if (isDone) close(name);
  });
  return form;
}

function close(name) {
  opened = null;
  byId("act-form")?.replaceChildren();
  for (const button of document.querySelectorAll("[data-act]")) {
    button.setAttribute("aria-expanded", "false");
  }
  document.querySelector(`[data-act="${name}"]`)?.focus();
}

function toggle(name, page) {
  if (opened === name) return close(name);
  opened = name;
  const form = openForm(name, page);
  byId("act-form").replaceChildren(form);
  for (const button of document.querySelectorAll("[data-act]")) {
    button.setAttribute("aria-expanded", String(button.dataset.act === name));
  }
  form.querySelector("select, input")?.focus();
}

/** Opens the form by its key, if it may be done here. */
export const press = (name) => document.querySelector(`[data-act="${name}"]`)?.click();

const standing = ({ taken, snoozed }) => [
  taken === null
    ? null
    : h("span", { class: "wants" }, taken.isMine ? "taken on by you" : `taken on by ${taken.by}`),
  snoozed === null
    ? null
    : h(
        "span",
        { class: "wants", title: snoozed.reason },
        `put off until ${said(snoozed.until)}: ${snoozed.reason}`,
      ),
];

export const actsFrame = () => {
  opened = null;
  const bar = h("div", { class: "act-bar" });
  const element = h(
    "div",
    { class: "acts" },
    bar,
    h("div", { id: "act-form" }),
    h("p", { class: "act-said meta", id: "act-said", role: "status" }),
  );
  return { element, bar };
};

/** What can be done, and what was; a form that is open stays open while news comes in. */
export function showActs(bar, page) {
  const { acts, summary } = page;
  const { taken, snoozed, alert, customer } = summary;
  const broken = page.promises.filter(({ verdict }) => verdict === "broken").length;
  const disputed = page.promises.filter(isToBeRuled).length;
  const data = {
    acts,
    taken,
    snoozed,
    customer,
    broken,
    disputed,
    alertId: alert?.alertId ?? null,
  };
  show(bar, data, () => [
    ...Object.entries(simple)
      .filter(([name]) => acts.includes(name))
      .map(([name, words]) =>
        h(
          "button",
          {
            type: "button",
            class: name === "take" ? "primary" : "quiet",
            "data-key": `act-${name}`,
            "data-act": name,
            title: simpleTitles[name],
            on: { click: () => perform(customer, { act: name, alertId: data.alertId }) },
          },
          words,
        ),
      ),
    ...Object.entries(forms)
      .filter(([name, { isFor }]) => acts.includes(name) && (isFor?.(page) ?? true))
      .map(([name, { words }]) =>
        h(
          "button",
          {
            type: "button",
            class: "quiet",
            "data-key": `act-${name}`,
            "data-act": name,
            "aria-expanded": String(opened === name),
            "aria-controls": "act-form",
            on: { click: () => toggle(name, page) },
          },
          words,
        ),
      ),
    ...standing(summary),
  ]);
}
