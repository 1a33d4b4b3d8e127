import { goOnAs, signOut } from "./api.js";
import { byId, h } from "./dom.js";

const roles = ["rep", "lead", "owner", "analyst", "admin"];

/** Who is at the desk, and the way out; where nobody signs in, the roles to try it in. */
export function showMe({ name, role, signIn }) {
  const place = byId("me");
  if (signIn === "development") {
    const choice = h(
      "select",
      { "aria-label": "Development sign-in: go on as" },
      roles.map((one) => h("option", { value: one, selected: one === role }, `as ${one}`)),
    );
    choice.addEventListener("change", async () => {
      await goOnAs(choice.value);
      location.reload();
    });
    place.replaceChildren(choice);
    return;
  }
  const leave = async () => {
    await signOut();
    location.assign("/sign-in");
  };
  place.replaceChildren(
    h("span", { class: "meta" }, `${name}, ${role} `),
    h("button", { type: "button", class: "plain", on: { click: leave } }, "Sign out"),
  );
}
