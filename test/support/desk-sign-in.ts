import { type Answer, ask } from "./desk-server.ts";

const cookiesOf = ({ headers }: Pick<Answer, "headers">): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [headers["set-cookie"] ?? []].flat().map((line) => {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );

const locationOf = ({ headers }: Answer): string => String(headers["location"]);

export type Came = { readonly callback: string; readonly cookie: string };

/** As a browser does it: to the desk, on to the provider, and there it is told where to go back to. */
export async function goToProvider(desk: string): Promise<Came> {
  const begun = await ask(new URL("/sign-in", desk).href);
  const state = cookiesOf(begun)["troth-desk-sign-in"] ?? "";
  const back = await ask(locationOf(begun));
  return { callback: locationOf(back), cookie: `troth-desk-sign-in=${state}` };
}

export const comeBack = (callback: string, cookie: string): Promise<Answer> =>
  ask(callback, { headers: { cookie } });

/** The whole way; gives the cookie of the session, or null when nobody was signed in. */
export async function signIn(desk: string): Promise<string | null> {
  const { callback, cookie } = await goToProvider(desk);
  const token = cookiesOf(await comeBack(callback, cookie))["troth-desk"];
  return token === undefined || token === "" ? null : `troth-desk=${token}`;
}
