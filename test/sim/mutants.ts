/** A fault put into the real source by hand: this text becomes that one. */
export type Mutant = {
  /** What the faulty troth would do, in words. */
  readonly name: string;
  readonly file: string;
  readonly edits: readonly (readonly [find: string, put: string])[];
  /** The first seed whose story went wrong when this was last measured: it is tried first. */
  readonly seed: number;
};

const log = "packages/log/src";
const notify = "services/notify/src";
const lake = "services/lake/src";
const monitor = "services/monitor/src/monitor.ts";
const dispatcher = "services/identity/src/dispatcher.ts";
const engine = "packages/engine/src";
const embedded = "services/troth/src/embedded";

export const mutants: readonly Mutant[] = [
  // --- the log ---
  {
    name: "appends are acknowledged without a sync",
    file: `${log}/file/commit.ts`,
    edits: [["    isUnknown = true;\n    await active.sync();", "    isUnknown = true;"]],
    seed: 1,
  },
  {
    name: "appends are acknowledged before they are written",
    file: `${log}/file/file-log.ts`,
    edits: [
      ["      await writeDurably(state, bytes);\n", ""],
      [
        "      following.wake();\n    } catch",
        "      following.wake();\n      await writeDurably({ ...state, cursor: { ...cursor, position: cursor.position - bytes.length } }, bytes);\n    } catch",
      ],
    ],
    seed: 1,
  },
  {
    name: "a failed sync is swallowed",
    file: `${log}/file/commit.ts`,
    edits: [
      [
        '    if (!isUnknown) throw error;\n    state.condition = "failed";\n    throw failed(active.path, error);',
        "    if (!isUnknown) throw error;",
      ],
    ],
    seed: 5,
  },
  {
    name: "what a killed process wrote is not synced before it is acted upon",
    file: `${log}/file/recover.ts`,
    edits: [["  await file.sync();\n  return { cursor: keep", "  return { cursor: keep"]],
    seed: 136,
  },
  {
    name: "names a killed process made are not synced",
    file: `${log}/file/recover.ts`,
    edits: [["    await disk.syncDir(dir);\n", ""]],
    seed: 591,
  },
  {
    name: "the mark a killed process completed a segment with is not synced",
    file: `${log}/file/recover.ts`,
    edits: [["    await syncFile(disk, segments.at(-2));\n", ""]],
    seed: 30,
  },
  {
    name: "a new segment's name is not synced",
    file: `${log}/file/segment.ts`,
    edits: [["  await disk.syncDir(dir);\n", ""]],
    seed: 7,
  },
  {
    name: "a new segment's header is not synced",
    file: `${log}/file/segment.ts`,
    edits: [["    await made.sync();\n", ""]],
    seed: 4,
  },
  {
    name: "records are taken without their checksum",
    file: `${log}/file/frame.ts`,
    edits: [["  if (crc32(body, seed) !== header.bodyCrc) return false;\n", ""]],
    seed: 1004,
  },
  {
    name: "a torn write is not cut off",
    file: `${log}/file/recover.ts`,
    edits: [["  if (size > keep.position) await file.truncate(keep.position);\n", ""]],
    seed: 6,
  },
  {
    name: "log time follows the last record instead of the latest",
    file: `${log}/file/commit.ts`,
    edits: [["    stamp = Math.max(stamp, waiting.stamp);", "    stamp = waiting.stamp;"]],
    seed: 3,
  },
  {
    name: "a log starts counting its groups anew after every sync",
    file: `${log}/file/commit.ts`,
    edits: [
      [
        "first: offset, group: start.offset, stamp } as const",
        "first: offset, group: 0, stamp } as const",
      ],
    ],
    seed: 1,
  },
  // --- snapshots ---
  {
    name: "a damaged snapshot is taken for a sound one",
    file: `${log}/snapshots.ts`,
    edits: [
      ['  if (crc32(bytes) !== header.readUInt32LE(44)) return "its content is damaged";\n', ""],
    ],
    seed: 1,
  },
  {
    name: "a snapshot claims to have seen one record more",
    file: monitor,
    edits: [["save({ position: at, bytes", "save({ position: at + 1, bytes"]],
    seed: 1,
  },
  {
    name: "a snapshot claims to have seen one record less",
    file: monitor,
    edits: [["save({ position: at, bytes", "save({ position: Math.max(0, at - 1), bytes"]],
    seed: 1,
  },
  {
    name: "a state ahead of what is durable is saved",
    file: monitor,
    edits: [["    isAhead = true;\n", "    isAhead = false;\n"]],
    seed: 1,
  },
  // --- the judge and its driver ---
  {
    name: "outputs are written again after a start",
    file: monitor,
    edits: [["        if (!isBeyond(output, written)) continue;\n", ""]],
    seed: 1,
  },
  {
    name: "the place of the last output is forgotten",
    file: monitor,
    edits: [["  let written = await lastPlace(outputs);", "  let written = nowhere;"]],
    seed: 1,
  },
  {
    name: "outputs of the same record beyond the first are taken for seen",
    file: "packages/events/src/output.ts",
    edits: [
      [
        "output.inOffset > seen.inOffset ||",
        "output.inOffset > seen.inOffset && output.seq >= 0 && (output.seq === 0 || seen.inOffset >= 0) ||",
      ],
      [
        "(output.inOffset === seen.inOffset && output.seq > seen.seq)",
        "(output.inOffset === seen.inOffset && output.seq > seen.seq + 1)",
      ],
    ],
    seed: 1,
  },
  {
    name: "the position moves before the outputs are durable",
    file: monitor,
    edits: [
      [
        "const appended = await patiently(() => outputs.append(said, stamp), patience);",
        "const appended = true; outputs.append(said, stamp).catch(() => undefined);",
      ],
    ],
    seed: 1,
  },
  {
    name: "outputs that cannot be written are left out",
    file: monitor,
    edits: [
      [
        "const appended = await patiently(() => outputs.append(said, stamp), patience);",
        "const appended = await outputs.append(said, stamp).catch(() => true);",
      ],
    ],
    seed: 1,
  },
  {
    name: "a deadline on a quiet log is noticed with the next fact",
    file: monitor,
    edits: [["    await facts.append([options.tick], now);", ""]],
    seed: 1,
  },
  {
    name: "a tick on the log moves no time",
    file: `${embedded}/judge.ts`,
    edits: [["        pipeline.tick(record.stamp, out);\n", ""]],
    seed: 1,
  },
  {
    name: "the judge reads the wall clock",
    file: `${embedded}/judge.ts`,
    edits: [
      [
        "pipeline.take(decoded.value, record.stamp, out)",
        "pipeline.take(decoded.value, Math.max(record.stamp, Date.now() - 18_000_000_000), out)",
      ],
    ],
    seed: 1,
  },
  {
    name: "the judge draws a number",
    file: `${embedded}/judge.ts`,
    edits: [
      [
        "pipeline.take(decoded.value, record.stamp, out)",
        "pipeline.take(decoded.value, record.stamp + (Math.random() < 0.05 ? 1 : 0), out)",
      ],
    ],
    seed: 1,
  },
  {
    name: "repetitions are judged again",
    file: dispatcher,
    edits: [
      [
        "    if (seen.arrived(identityOf(fact), now)) {",
        "    if (seen.arrived(identityOf(fact), now) && now < 0) {",
      ],
    ],
    seed: 1,
  },
  {
    name: "what was seen is forgotten with the process",
    file: dispatcher,
    edits: [
      [
        "Seen.restore(limits.dedupeMs, takePieces(pieces, seen))",
        "([...takePieces(pieces, seen)], new Seen(limits.dedupeMs))",
      ],
    ],
    seed: 1,
  },
  {
    name: "who is who is forgotten with the process",
    file: dispatcher,
    edits: [
      [
        "registrar: new Registrar(limits, restoredNames(names, pieces))",
        "registrar: (restoredNames(names, pieces), new Registrar(limits))",
      ],
    ],
    seed: 1,
  },
  {
    name: "which feeds are watched is forgotten with the process",
    file: dispatcher,
    edits: [
      [
        "watch: new SourceWatch(options.policy, watch)",
        "watch: new SourceWatch(options.policy, emptyWatch(options.policy))",
      ],
    ],
    seed: 5,
  },
  {
    name: "timers are forgotten with the process",
    file: `${engine}/snapshot.ts`,
    edits: [
      [
        "timers.set(first + i, bytes.readDoubleLE(i * momentBytes));",
        "timers.set(first + i, Number.POSITIVE_INFINITY * count);",
      ],
    ],
    seed: 1,
  },
  {
    name: "older revisions stay beside newer ones",
    file: `${engine}/evolve.ts`,
    edits: [
      [
        "held.record === ref.record && held.revision < ref.revision",
        "held.record === ref.record && held.revision < 0",
      ],
    ],
    seed: 3,
  },
  {
    name: "an alert is said again at every look",
    file: `${engine}/episode.ts`,
    edits: [
      [
        'return same ? "stays" : "changes";',
        'return same && episode.revision > 99 ? "stays" : "changes";',
      ],
    ],
    seed: 1,
  },
  {
    name: "an alert that is over is forgotten instead of being said to be over",
    file: `${engine}/episode.ts`,
    edits: [
      [
        '    out.push(sayAlert(w, c, standing, stands ? "recovered" : "withdrawn", now, episode));\n    return;',
        "    return;",
      ],
    ],
    seed: 9,
  },
  {
    name: "deadlines of the same moment are passed in any order of customers",
    file: `${engine}/engine.ts`,
    edits: [["customers.inOrder(timers.take(at))", "timers.take(at)"]],
    seed: 7,
  },
  // --- the door ---
  {
    name: "the door answers before anything is stored",
    file: "services/intake/src/receive.ts",
    edits: [
      [
        "      await options.append(admission);",
        "      options.append(admission).catch(() => undefined);",
      ],
    ],
    seed: 1,
  },
  {
    name: "the door answers 202 although storing failed",
    file: "services/intake/src/receive.ts",
    edits: [["      return failure(error, options.tell);", "      failure(error, options.tell);"]],
    seed: 1,
  },
  {
    name: "what cannot be read is thrown away",
    file: `${embedded}/embedded.ts`,
    edits: [
      ["        admission.setAside.length > 0 &&", "        admission.setAside.length < 0 &&"],
    ],
    seed: 1,
  },
  // --- the voice ---
  {
    name: "messages are sent before they are written down",
    file: `${notify}/notify.ts`,
    edits: [
      ["if (one.number <= durable) yield one;", "yield one;"],
      [
        "    openSender({\n      channel,\n      clock,\n      tell,\n      flush,",
        "    openSender({\n      channel,\n      clock,\n      tell,\n      flush: async () => void flush().catch(() => undefined),",
      ],
    ],
    seed: 154,
  },
  {
    name: "the journal of messages is not synced",
    file: `${notify}/journal.ts`,
    edits: [
      [
        "      await file.write(lines, position);\n      await file.sync();",
        "      await file.write(lines, position);",
      ],
    ],
    seed: 545,
  },
  {
    name: "a torn journal is taken for a sound one",
    file: `${notify}/journal.ts`,
    edits: [["    if (line.slice(0, 9) !== `${checksum(text)} `) return { entries, end };\n", ""]],
    seed: 1602,
  },
  {
    name: "a newer revision is crossed off with the older one",
    file: `${notify}/book.ts`,
    edits: [
      [
        "if (next !== undefined && next.message.revision <= entry.revision) {",
        "if (next !== undefined) {",
      ],
    ],
    seed: 150,
  },
  {
    name: "the voice forgets what it has seen",
    file: `${notify}/book.ts`,
    edits: [
      ["    if (isBeyond(place, this.seen(partition))) this.#seen.set(partition, place);", ""],
    ],
    seed: 1,
  },
  {
    name: "whom the voice told is forgotten when the journal is begun anew",
    file: `${notify}/book.ts`,
    edits: [["    for (const id of pages.open) this.#open.add(id);\n", ""]],
    seed: 258,
  },
  {
    name: "an answer that says no is taken for a yes",
    file: `${notify}/webhook.ts`,
    edits: [["if (status >= 200 && status < 300) return", "if (status >= 200) return"]],
    seed: 1,
  },
  {
    name: "a message nobody answered is taken for delivered",
    file: `${notify}/webhook.ts`,
    edits: [
      ["return { arrived: false, why: error.code, afterMs: null };", "return { arrived: true };"],
    ],
    seed: 1,
  },
  {
    name: "every attempt has an id of its own",
    file: `${notify}/sender.ts`,
    edits: [
      [
        "channel.send(message, idOf(message, channel.name))",
        "channel.send(message, `${idOf(message, channel.name)}:${attempts.get(message.id)?.count ?? 0}`)",
      ],
    ],
    seed: 2,
  },
  {
    name: "a clock that was set back holds messages up",
    file: `${notify}/sender.ts`,
    edits: [["tried === undefined || now < tried.at ? 0", "tried === undefined ? 0"]],
    seed: 1,
  },
  {
    name: "alerts beyond the cap are never told, not even as a number",
    file: `${notify}/notify.ts`,
    edits: [["    for (const entry of book.storms(before)) record(entry);", ""]],
    seed: 1,
  },
  {
    name: "an alert that stood at the start is not told",
    file: `${notify}/notify.ts`,
    edits: [["      for (const one of news) decide(one, minute);\n", ""]],
    seed: 1,
  },
  {
    name: "a storm nobody was told of is forgotten when the next minute's alerts come at a start",
    file: `${notify}/notify.ts`,
    edits: [
      ["      sayStorms(minute);\n      for (const one of news)", "      for (const one of news)"],
    ],
    seed: 539,
  },
  // --- the lake ---
  {
    name: "a manifest claims objects that could not be stored",
    file: `${lake}/lake.ts`,
    edits: [["  if (failures.length > 0) throw failures[0];\n", ""]],
    seed: 1,
  },
  {
    name: "a lake that goes on leaves out what was said of one fact",
    file: `${lake}/lake.ts`,
    edits: [
      [
        "let seen: Place = { inOffset: tail.to, seq",
        "let seen: Place = { inOffset: tail.to < 0 ? -1 : tail.to + 1, seq",
      ],
    ],
    seed: 1,
  },
  {
    name: "a chunk parts what was said of one fact",
    file: `${lake}/lake.ts`,
    edits: [["current !== null && offset > current.to && isFull", "current !== null && isFull"]],
    seed: 1,
  },
  {
    name: "a store that fails once ends the lake",
    file: "packages/runtime/src/patience.ts",
    edits: [["      if (!isRetryable(error)) throw error;", "      throw error;"]],
    seed: 1,
  },
  // --- the live clock ---
  {
    name: "a clock that jumps ahead is believed at once",
    file: "packages/runtime/src/steady-clock.ts",
    edits: [["    if (aheadMs <= jumpMs) {", "    if (aheadMs > 0 || aheadMs <= jumpMs) {"]],
    seed: 5015,
  },
  {
    name: "one more look confirms a clock that jumped",
    file: "packages/runtime/src/steady-clock.ts",
    edits: [["jump.confirmations >= confirmationsMin", "jump.confirmations >= 1"]],
    seed: 7,
  },
  {
    name: "a process that begins believes its clock whatever the log says",
    file: `${embedded}/embedded.ts`,
    edits: [["await latestStamp(facts)", "null"]],
    seed: 8,
  },
];
