import { byId, h } from "./dom.js";

const token = location.pathname.split("/").at(-1);

async function call(rest, body) {
  const answer = await fetch(`/api/survey/${encodeURIComponent(token)}${rest}`, {
    headers: { accept: "application/json", "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  const read = await answer.json();
  if (!answer.ok) throw new Error(read.detail ?? read.title);
  return read;
}

const answers = [
  ["enjoyed", "Yes, I enjoyed it"],
  ["indifferent", "It was neither here nor there"],
  ["not_enjoyed", "No, I did not"],
];

const choices = {
  contact: [
    "With whom would you rather deal?",
    { human: "a person", digital: "a page or an app", none: "nobody, if it can be helped" },
  ],
  pace: ["How?", { fast: "quickly, without ceremony", considered: "with care and time" }],
  price: [
    "What matters more?",
    { lowest: "the lowest price", balanced: "a bit of both", service: "good service" },
  ],
  familiarity: ["Should we know you?", { recognise_me: "yes, remember me", do_not: "no need to" }],
};

function ask(state) {
  const said = h("p", { class: "meta", role: "status" });
  const give = async (outcome) => {
    try {
      draw(await call("/answer", { outcome }), "thanks");
    } catch (error) {
      said.textContent = error.message;
    }
  };
  return [
    h("h1", { tabindex: "-1" }, state.question),
    h(
      "div",
      { class: "answers" },
      answers.map(([value, words]) =>
        h("button", { type: "button", class: "answer", on: { click: () => give(value) } }, words),
      ),
    ),
    said,
  ];
}

const thank = () => [
  h("h1", { tabindex: "-1", id: "thanks" }, "Thank you. We have your answer."),
  h("p", {}, "It is held against what we thought of ourselves at the time; your name is not."),
];

/** What we believe they want, theirs to see and to change. */
function preferences({ preference }) {
  const said = h("p", { class: "meta", role: "status" });
  const form = h(
    "form",
    { class: "preferences" },
    h("h2", {}, "How personal do you want it?"),
    Object.entries(choices).map(([name, [words, options]]) =>
      h(
        "label",
        {},
        words,
        h(
          "select",
          { name },
          h("option", { value: "" }, "as it comes"),
          Object.entries(options).map(([value, label]) =>
            h("option", { value, selected: preference[name] === value }, label),
          ),
        ),
      ),
    ),
    h("button", { class: "primary" }, "Keep it like this"),
    said,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = [...new FormData(form)].filter(([, value]) => value !== "");
    try {
      await call("/preference", Object.fromEntries(chosen));
      said.textContent = "Noted. It holds from now on.";
    } catch (error) {
      said.textContent = error.message;
    }
  });
  return form;
}

function draw(state, focus) {
  byId("survey").replaceChildren(
    ...(state.answered === null ? ask(state) : thank()),
    preferences(state),
  );
  if (focus) byId(focus)?.focus();
}

try {
  draw(await call(""));
} catch (error) {
  byId("survey").replaceChildren(h("h1", {}, "This link does not open"), h("p", {}, error.message));
}
document.body.classList.add("is-ready");
