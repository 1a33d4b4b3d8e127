import { byId, h } from "./dom.js";

const setting = "troth.keys";

/** Some people's software types letters where they mean words, so letters can be switched off. */
const areOn = () => localStorage.getItem(setting) !== "off";

const rows = [
  [["j", "↓"], "next customer"],
  [["k", "↑"], "previous customer"],
  [["Enter"], "go into the customer"],
  [["Esc"], "back to the list"],
  [["/"], "find by any name"],
  [["t"], "take it on"],
  [["p"], "promise something"],
  [["s"], "put it off"],
  [["r"], "put it right"],
  [["?"], "these keys"],
];

function fill(dialog) {
  const on = h("input", {
    type: "checkbox",
    id: "keys-on",
    checked: areOn(),
    on: { change: () => localStorage.setItem(setting, on.checked ? "on" : "off") },
  });
  dialog.replaceChildren(
    h("h2", { id: "keys-title" }, "Keys"),
    h(
      "dl",
      { class: "key-list" },
      rows.map(([keys, words]) => [
        h(
          "dt",
          {},
          keys.map((key) => [h("kbd", {}, key), " "]),
        ),
        h("dd", {}, words),
      ]),
    ),
    h("label", { class: "key-switch" }, on, " Letters and signs work as keys"),
    h("form", { method: "dialog" }, h("button", { class: "primary" }, "Close")),
  );
}

const isTyping = (element) =>
  element instanceof HTMLElement &&
  element.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");

/** Listens for the desk's keys; `actions` says what each does. */
export function openKeys(actions) {
  const dialog = byId("keys");
  const help = () => {
    fill(dialog);
    dialog.showModal();
  };
  byId("keys-button").addEventListener("click", help);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (dialog.open) return;
    const { key, target } = event;
    if (key === "Escape") {
      actions.back(isTyping(target));
      return;
    }
    if (isTyping(target)) {
      if (target.type === "search" && key === "ArrowDown") {
        event.preventDefault();
        actions.first();
      }
      return;
    }
    const inList = target instanceof Element && target.closest("#rows") !== null;
    const arrows = inList ? { ArrowDown: actions.next, ArrowUp: actions.previous } : {};
    const letters = areOn()
      ? {
          j: actions.next,
          k: actions.previous,
          "/": actions.search,
          "?": help,
          t: () => actions.act("take"),
          p: () => actions.act("promise"),
          s: () => actions.act("snooze"),
          r: () => actions.act("resolution"),
        }
      : {};
    const action = { ...arrows, ...letters }[key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}
