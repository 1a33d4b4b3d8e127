import type { FastifyReply, FastifyRequest } from "fastify";
import { type Parts, refuse } from "./parts.ts";

export function sendAsset(
  request: FastifyRequest,
  reply: FastifyReply,
  { assets }: Parts,
  name: string,
): FastifyReply {
  const asset = assets.get(name);
  if (asset === undefined) return refuse(reply, "not-found", "No such file.");
  reply.headers({ etag: asset.etag, "cache-control": "no-cache" });
  if (request.headers["if-none-match"] === asset.etag) return reply.code(304).send();
  return reply.type(asset.type).send(asset.bytes);
}
