import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import type { ObjectStore } from "../ports.ts";
import { errnoOf, WorldError, type WorldErrorCode, worldError } from "../world-error.ts";

export type S3Options = {
  readonly bucket: string;
  /** Objects lie below it; empty, or ending in a slash. */
  readonly prefix: string;
  /** Another server than Amazon's; the environment's `AWS_ENDPOINT_URL` unless given. */
  readonly endpoint?: string;
  /** The environment's `AWS_REGION` unless given, else `us-east-1`. */
  readonly region?: string;
};

export type S3Store = ObjectStore & {
  /**
   * Refuses (not retryable) a server that overwrites an object although told to create it only; leaves
   * one small object under `s3Probe`. The first put does the same by itself.
   */
  readonly probe: () => Promise<void>;
};

/** The probe's object; it stays, so that a lake's credentials need not be allowed to delete. */
export const s3Probe = "_probe/create-only";

const connectMs = 5_000;
const answerMs = 30_000;
const attempts = 3;

/** What a server answers when it, or the way to it, failed; anything else of the 400s is our own fault. */
const passing = new Set([
  "RequestTimeout",
  "RequestTimeTooSkewed",
  "SlowDown",
  "BadDigest",
  "IncompleteBody",
  "XAmzContentSHA256Mismatch",
  "ConditionalRequestConflict",
  "OperationAborted",
]);

const missing = new Set(["NoSuchKey", "NotFound"]);

function statusOf(error: unknown): number | null {
  if (typeof error !== "object" || error === null || !("$metadata" in error)) return null;
  const metadata = error.$metadata;
  if (typeof metadata !== "object" || metadata === null) return null;
  if (!("httpStatusCode" in metadata)) return null;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : null;
}

function codeOf(error: Error, status: number | null): WorldErrorCode {
  if (error.name === "TimeoutError" || error.name === "AbortError") return "timeout";
  if (passing.has(error.name) || status === 429 || status === 408) return "unreachable";
  if (status !== null && status >= 400 && status < 500) return "io";
  if (error.name === "CredentialsProviderError") return "io";
  // No answer, half an answer, or one of its own troubles: another attempt may fare better.
  return "unreachable";
}

function failure(error: unknown, doing: string): WorldError {
  if (error instanceof WorldError || !(error instanceof Error)) return worldError(error, doing);
  const status = statusOf(error);
  const known = errnoOf(error) === null ? null : worldError(error, doing);
  if (status === null && known !== null && known.code !== "io") return known;
  const remedy =
    status === 403 || error.name === "CredentialsProviderError"
      ? "; give credentials that may list, read and write there, and delete where keys or retention want it (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role)"
      : "";
  const said = `${error.name}${status === null ? "" : ` (${status})`}: ${error.message}`;
  return new WorldError(codeOf(error, status), `${doing}: ${said}${remedy}`, error);
}

async function openClient(options: S3Options): Promise<S3Client> {
  // This version is pinned and does run on Node 20; which Node to use is not for users to hear here.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  const sdk = await import("@aws-sdk/client-s3");
  const config: S3ClientConfig = {
    region: options.region ?? process.env["AWS_REGION"] ?? "us-east-1",
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: connectMs, requestTimeout: answerMs },
  };
  const endpoint =
    options.endpoint ?? process.env["AWS_ENDPOINT_URL_S3"] ?? process.env["AWS_ENDPOINT_URL"];
  // Servers of one's own rarely have a name of their own for every bucket.
  return new sdk.S3Client(
    endpoint === undefined ? config : { ...config, endpoint, forcePathStyle: true },
  );
}

/**
 * A bucket as an object store. Credentials come from the usual places of the environment. An attempt
 * that fails in a way that may pass is a retryable `WorldError`; whoever calls has the patience.
 */
export async function openS3Store(options: S3Options): Promise<S3Store> {
  const { bucket: Bucket, prefix } = options;
  const { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } =
    await import("@aws-sdk/client-s3");
  const client = await openClient(options);
  const attempt = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw failure(error, `${doing} in s3://${Bucket}/${prefix}`);
    }
  };
  const create = async (key: string, bytes: Uint8Array): Promise<"created" | "exists"> => {
    const Key = prefix + key;
    try {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: bytes, IfNoneMatch: "*" }));
      return "created";
    } catch (error) {
      if (statusOf(error) === 412) return "exists";
      throw error;
    }
  };
  const probeOnce = async (): Promise<void> => {
    await create(s3Probe, Buffer.from("the first writer's\n"));
    if ((await create(s3Probe, Buffer.from("a second writer's\n"))) === "exists") return;
    throw new WorldError(
      "io",
      `the server of s3://${Bucket}/${prefix} overwrites objects although asked with If-None-Match: * not to: two lakes could destroy each other; use one that honours conditional writes, or a folder`,
    );
  };
  let probed: Promise<void> | null = null;
  const probe = (): Promise<void> => {
    probed ??= attempt("probe", probeOnce).catch((error: unknown) => {
      probed = null;
      throw error;
    });
    return probed;
  };
  const get = async (key: string): Promise<Buffer | null> => {
    try {
      const found = await client.send(new GetObjectCommand({ Bucket, Key: prefix + key }));
      return Buffer.from((await found.Body?.transformToByteArray()) ?? []);
    } catch (error) {
      if (error instanceof Error && missing.has(error.name)) return null;
      throw error;
    }
  };
  const list = async (begin: string): Promise<readonly string[]> => {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket,
          Prefix: prefix + begin,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
      for (const { Key } of page.Contents ?? []) {
        if (Key !== undefined) keys.push(Key.slice(prefix.length));
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
    return keys.sort();
  };
  return {
    probe,
    putIfAbsent: async (key, bytes) => {
      await probe();
      return attempt(`put ${key}`, () => create(key, bytes));
    },
    get: (key) => attempt(`get ${key}`, () => get(key)),
    list: (begin) => attempt("list objects", () => list(begin)),
    remove: (key) =>
      attempt(`remove ${key}`, async () => {
        await client.send(new DeleteObjectCommand({ Bucket, Key: prefix + key }));
      }),
  };
}
