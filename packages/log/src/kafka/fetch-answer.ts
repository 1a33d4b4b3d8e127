import { decodeBatches } from "./batch.ts";
import type { Message } from "./message.ts";

/** In the names kafkajs looks for errors by. */
export type FetchAnswer = {
  readonly clientSideThrottleTime: number;
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly PartitionAnswer[];
  }[];
};

export type PartitionAnswer = {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly messages: readonly Message[];
};

/** Reads Kafka's numbers of fixed length one after the other. */
class Answer {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  int16(): number {
    this.at += 2;
    return this.bytes.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }

  int64(): number {
    this.at += 8;
    return Number(this.bytes.readBigInt64BE(this.at - 8));
  }

  text(): string {
    const length = this.int16();
    this.at += length;
    return this.bytes.toString("utf8", this.at - length, this.at);
  }

  list<T>(read: (answer: Answer) => T): readonly T[] {
    const list: T[] = [];
    for (let left = this.int32(); left > 0; left -= 1) list.push(read(this));
    return list;
  }
}

function readPartition(answer: Answer): PartitionAnswer {
  const partition = answer.int32();
  const errorCode = answer.int16();
  const highWatermark = answer.int64();
  // Last stable offset and start of the log.
  answer.at += 16;
  answer.list((one) => {
    one.at += 16;
  });
  // The replica it would rather be read from.
  answer.at += 4;
  const length = Math.max(0, answer.int32());
  const from = answer.at;
  answer.at += length;
  const messages = decodeBatches(answer.bytes, from, from + length);
  return { partition, errorCode, highWatermark, messages };
}

/** An answer to Fetch, version 11. */
export function readFetchAnswer(bytes: Buffer): FetchAnswer {
  const answer = new Answer(bytes);
  const clientSideThrottleTime = answer.int32();
  // An error and a session of the whole answer: there are no sessions, and errors stand by partition.
  answer.at += 6;
  const responses = answer.list((one) => ({
    topicName: one.text(),
    partitions: one.list(readPartition),
  }));
  return { clientSideThrottleTime, responses };
}
