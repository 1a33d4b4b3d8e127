import { request } from "node:http";
import { type Desk, type DeskOptions, openDesk } from "@troth/desk";
import { deskStory } from "./desk-story.ts";
import { freePort } from "./troth.ts";

/** A desk over the seeded day, listening on a port of its own. */
export async function openStoryDesk(
  own: Partial<Omit<DeskOptions, "listen">> = {},
  customers = 400,
  listens = false,
): Promise<Desk & ReturnType<typeof deskStory>> {
  const story = deskStory(customers, undefined, listens);
  // A provider sends people back to one address, which has to be known before the desk is there.
  const port = own.signIn ? await freePort() : 0;
  const desk = await openDesk({
    ...story.options,
    ...own,
    ...(own.signIn ? { signIn: { ...own.signIn, publicUrl: `http://127.0.0.1:${port}/` } } : {}),
    listen: { host: "127.0.0.1", port },
  });
  return { ...story, ...desk };
}

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
};

/** One request with headers no browser would let a page set, such as `Host`. */
export const ask = (
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: options.method ?? "GET", headers: options.headers ?? {} },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(options.body);
  });
