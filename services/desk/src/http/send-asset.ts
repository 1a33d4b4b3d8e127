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
  reply.headers({ etag: asset.etag, "cache-control": "no-cache", vary: "accept-encoding" });
  if (request.headers["if-none-match"] === asset.etag) return reply.code(304).send();
  // Only these files, which hold nothing of anybody: packing what is secret would tell of it by its size.
  const isPacked = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  if (isPacked) reply.header("content-encoding", "gzip");
  return reply.type(asset.type).send(isPacked ? asset.packed : asset.bytes);
}
