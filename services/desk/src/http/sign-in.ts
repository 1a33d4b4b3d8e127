import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { type Person, pseudonymOf } from "../access/person.ts";
import { permissionsOf, roles } from "../access/roles.ts";
import { sessionMs } from "../access/sessions.ts";
import { defaultTenant } from "../view/views.ts";
import { jsonIn } from "./body.ts";
import { faultOf } from "./customers.ts";
import { type At, type Parts, type Route, refuse } from "./parts.ts";

const signInSeconds = 600;

/** Whoever uses a desk nobody signs in at; there is such a desk on loopback only. */
export const developer = (
  role: (typeof roles)[number],
  teams: readonly string[] | null,
): Person => ({
  pseudonym: pseudonymOf("development", role),
  name: `development ${role}`,
  role,
  tenant: defaultTenant,
  teams,
});

const developmentShape = z.strictObject({
  role: z.enum(roles),
  teams: z.array(z.string().min(1).max(128)).max(100).nullable().default(null),
});

async function begun(reply: FastifyReply, parts: Parts, person: Person): Promise<void> {
  const { pseudonym: who, role, tenant } = person;
  await parts.audit.note({ who, role, tenant, did: "sign-in", outcome: "done", about: null });
  const seconds = Math.floor(sessionMs.whole / 1_000);
  reply.header("set-cookie", parts.cookies.set("session", parts.sessions.begin(person), seconds));
}

/** Addresses of our own page only: another would be somewhere a stranger chose. */
const returnTo = (text: unknown): string =>
  typeof text === "string" && /^\/(?:[?#][^\\]*)?$/.test(text) ? text : "/";

const queryShape = z.object({ to: z.string().max(2_000).optional() });

async function begin(request: FastifyRequest, reply: FastifyReply, parts: Parts) {
  const query = queryShape.safeParse(request.query);
  const to = returnTo(query.success ? query.data.to : undefined);
  if (parts.oidc === null) return reply.redirect(to, 303);
  const { url, state } = await parts.oidc.begin(to);
  reply.header("set-cookie", parts.cookies.set("signIn", state, signInSeconds));
  return reply.redirect(url, 303);
}

async function finish(request: FastifyRequest, reply: FastifyReply, parts: Parts) {
  const { oidc, cookies } = parts;
  if (oidc === null) return refuse(reply, "not-found", "There is no provider to come from.");
  const state = cookies.read(request.headers.cookie, "signIn");
  try {
    if (state === null) throw new Error("the browser that began it is another");
    const { person, returnTo: to } = await oidc.finish(
      new URL(request.url, parts.publicUrl),
      state,
    );
    await begun(reply, parts, person);
    reply.header("set-cookie", cookies.clear("signIn"));
    return reply.redirect(to, 303);
  } catch (error) {
    const deed = { who: "nobody", role: null, tenant: null, did: "sign-in", about: null } as const;
    await parts.audit.note({ ...deed, outcome: "refused" });
    parts.tell.failed(error);
    return refuse(
      reply,
      "not-signed-in",
      "The sign-in did not go through. Begin again at /sign-in.",
    );
  }
}

async function signInAsDeveloper(request: FastifyRequest, reply: FastifyReply, parts: Parts) {
  if (parts.oidc !== null) return refuse(reply, "not-found", "Sign in at /sign-in.");
  const body = developmentShape.safeParse(jsonIn(request));
  if (!body.success) return refuse(reply, "bad-request", faultOf(body.error));
  const person = developer(body.data.role, body.data.teams);
  await begun(reply, parts, person);
  return reply.send(meOf({ parts, person }));
}

const meOf = ({ parts, person }: At) => ({
  name: person.name,
  pseudonym: person.pseudonym,
  role: person.role,
  tenant: person.tenant,
  teams: person.teams === null ? null : [...person.teams],
  permissions: [...permissionsOf(person.role)],
  signIn: parts.oidc === null ? "development" : "oidc",
});

export const signInRoutes: readonly Route[] = [
  { method: "GET", path: "/sign-in", needs: "nobody", handle: begin },
  { method: "GET", path: "/sign-in/callback", needs: "nobody", handle: finish },
  {
    method: "POST",
    path: "/api/sign-in",
    needs: "nobody",
    bodyMax: 4_096,
    handle: signInAsDeveloper,
  },
  {
    method: "POST",
    path: "/api/sign-out",
    needs: "somebody",
    handle: async (request, reply, { parts, person }) => {
      const token = parts.cookies.read(request.headers.cookie, "session");
      if (token !== null) parts.sessions.end(token);
      const { pseudonym: who, role, tenant } = person;
      await parts.audit.note({ who, role, tenant, did: "sign-out", outcome: "done", about: null });
      // Nobody who comes to this browser afterwards finds anything of it.
      reply.header("clear-site-data", '"cache", "storage"');
      return reply.header("set-cookie", parts.cookies.clear("session")).code(204).send();
    },
  },
  {
    method: "GET",
    path: "/api/me",
    needs: "somebody",
    handle: (_, reply, at) => reply.send(meOf(at)),
  },
];
