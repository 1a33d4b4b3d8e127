/** A route that names a JSON schema where none is compiled. */
function refuse(): never {
  throw new Error("routes here check what they read themselves; no JSON schema is compiled");
}

/**
 * For fastify: no route of ours hands it a schema, and loading what compiles them took a seventh of
 * the time a process needs to be up.
 */
export const noJsonSchemas = {
  compilersFactory: { buildValidator: () => refuse, buildSerializer: () => refuse },
} as const;
