import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The peer of the join bench: the rules of ../policy.yaml written plainly for Kafka Streams, as somebody would who
 * knows it well. One processor per partition of the noise log; what it knows of a customer is one value of a persistent
 * store with a changelog and a cache, in a compact binary form; deadlines are a second such store, mirrored in a sorted
 * set. It says the same decisions as the judge, in the same order within a partition.
 */
public final class Peer {
  static final long HOUR = 3_600_000L, DAY = 24 * HOUR, HALF_LIFE = 14 * DAY, ONGOING = 90 * DAY, REVIEW = DAY;
  static final int[] BY_SEVERITY = {0, 100, 200, 400, 600, 1000};
  static final int OPEN = 1, KEPT = 2, BROKEN = 3;
  static final String[] VERDICTS = {null, "open", "kept", "broken"};
  static final int ALERT_AT = 500, RECOVER_BELOW = 300;

  enum Rule {
    ANSWER("answer-within", "queue", "contact-centre", "outsourced", "implied", "policy", "An answer took too long."),
    DELIVERY("delivery-date", "delivery", "logistics", "outsourced", "stated", "system", "A parcel did not arrive in time."),
    HAND_OVER("hand-over", "warehouse", "seller-management", "partner", "stated", "system", "A parcel was handed over late."),
    CHARGED("charged-too-much", "billing", "finance", "inhouse", null, null, "More was charged than expected."),
    PUBLIC("said-in-public", "public", "communications", "inhouse", null, null, "Spoke of us in public.");

    final String id, link, owner, operatedBy, how, madeBy, says;

    Rule(String id, String link, String owner, String operatedBy, String how, String madeBy, String says) {
      this.id = id;
      this.link = link;
      this.owner = owner;
      this.operatedBy = operatedBy;
      this.how = how;
      this.madeBy = madeBy;
      this.says = says;
    }
  }

  static final Rule[] RULES = Rule.values();

  /** A promise; times are milliseconds, -1 is none. */
  static final class Row {
    Rule rule;
    String key, madeBy, keptBy = "";
    long madeAt, due, keptAt = -1, since = -1, saidKept = -1;
    int severity, saidVerdict, saidSeverity, revision;

    String promiseId() {
      return rule.id + "/" + key;
    }

    int verdict(long now) {
      if (rule == Rule.ANSWER) return severity == 0 ? KEPT : BROKEN;
      if (keptAt >= 0 && keptAt <= due) return KEPT;
      return now >= due ? BROKEN : OPEN;
    }
  }

  static final class Noise {
    Rule rule;
    String event;
    long at;
    int severity;
  }

  static final class Customer {
    String key, reference;
    List<Row> rows = new ArrayList<>();
    List<Noise> noises = new ArrayList<>();
    String level = "none", alertId = "", alertLevel = "", alertLead = "";
    int alertRevision;
    long reviewAt = -1;
  }

  static Customer read(String key, byte[] bytes) {
    Customer c = new Customer();
    c.key = key;
    if (bytes == null) return c;
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      c.reference = in.readUTF();
      for (int i = in.readInt(); i > 0; i--) {
        Row r = new Row();
        r.rule = RULES[in.readByte()];
        r.key = in.readUTF();
        r.madeBy = in.readUTF();
        r.keptBy = in.readUTF();
        r.madeAt = in.readLong();
        r.due = in.readLong();
        r.keptAt = in.readLong();
        r.since = in.readLong();
        r.saidKept = in.readLong();
        r.severity = in.readByte();
        r.saidVerdict = in.readByte();
        r.saidSeverity = in.readByte();
        r.revision = in.readInt();
        c.rows.add(r);
      }
      for (int i = in.readInt(); i > 0; i--) {
        Noise n = new Noise();
        n.rule = RULES[in.readByte()];
        n.event = in.readUTF();
        n.at = in.readLong();
        n.severity = in.readByte();
        c.noises.add(n);
      }
      c.level = in.readUTF();
      c.alertId = in.readUTF();
      c.alertLevel = in.readUTF();
      c.alertLead = in.readUTF();
      c.alertRevision = in.readInt();
      c.reviewAt = in.readLong();
      return c;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] write(Customer c) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(c.reference);
      out.writeInt(c.rows.size());
      for (Row r : c.rows) {
        out.writeByte(r.rule.ordinal());
        out.writeUTF(r.key);
        out.writeUTF(r.madeBy);
        out.writeUTF(r.keptBy);
        out.writeLong(r.madeAt);
        out.writeLong(r.due);
        out.writeLong(r.keptAt);
        out.writeLong(r.since);
        out.writeLong(r.saidKept);
        out.writeByte(r.severity);
        out.writeByte(r.saidVerdict);
        out.writeByte(r.saidSeverity);
        out.writeInt(r.revision);
      }
      out.writeInt(c.noises.size());
      for (Noise n : c.noises) {
        out.writeByte(n.rule.ordinal());
        out.writeUTF(n.event);
        out.writeLong(n.at);
        out.writeByte(n.severity);
      }
      out.writeUTF(c.level);
      out.writeUTF(c.alertId);
      out.writeUTF(c.alertLevel);
      out.writeUTF(c.alertLead);
      out.writeInt(c.alertRevision);
      out.writeLong(c.reviewAt);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  record Part(String id, Rule rule, int severity, int points, String first, String second) {}

  /** A moment at which something may change without a further fact. */
  record Timer(long at, String customer) implements Comparable<Timer> {
    public int compareTo(Timer other) {
      int byTime = Long.compare(at, other.at);
      return byTime != 0 ? byTime : customer.compareTo(other.customer);
    }
  }

  static final AtomicLong said = new AtomicLong(), began = new AtomicLong();
  static final Map<Integer, Long> reached = new ConcurrentHashMap<>();

  /** Of the process before its first record: starting a JVM is not what is compared. */
  static volatile double cpuBefore;

  static double cpuSeconds() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3;
  }

  static long done() {
    long sum = 0;
    for (long each : reached.values()) sum += each;
    return sum;
  }

  static final class Judge implements Processor<byte[], byte[], byte[], byte[]> {
    private final String policy;
    private final ObjectReader json = new ObjectMapper().readerFor(JsonNode.class);
    private final TreeSet<Timer> timers = new TreeSet<>();
    private final StringBuilder text = new StringBuilder(2048);
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<String, byte[]> customers;
    private KeyValueStore<String, byte[]> moments;
    /** Of the record that is being judged: what is said because of it carries this as a header. */
    private byte[] number;

    Judge(String policy) {
      this.policy = policy;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
      this.context = context;
      customers = context.getStateStore("customers");
      moments = context.getStateStore("moments");
      try (KeyValueIterator<String, byte[]> all = moments.all()) {
        while (all.hasNext()) {
          String key = all.next().key;
          timers.add(new Timer(Long.parseLong(key.substring(0, 16), 16), key.substring(16)));
        }
      }
    }

    private static String momentKey(Timer timer) {
      return HexFormat.of().toHexDigits(timer.at) + timer.customer;
    }

    private void arm(long at, String customer) {
      Timer timer = new Timer(at, customer);
      if (timers.add(timer)) moments.put(momentKey(timer), new byte[0]);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      if (began.compareAndSet(0, System.nanoTime())) cpuBefore = cpuSeconds();
      try {
        // The first of each partition is troth's where its client made the topic: no noise.
        if (record.headers().lastHeader("troth_genesis") == null) take(record);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      // After an abort some come again: what counts is how far each partition is.
      var from = context.recordMetadata().orElseThrow();
      reached.merge(from.partition(), from.offset() + 1, Math::max);
    }

    private void take(Record<byte[], byte[]> record) throws IOException {
      JsonNode noise = json.readTree(record.value());
      long stamp = noise.get("stamp").asLong();
      number = noise.get("number").asText().getBytes(StandardCharsets.US_ASCII);
      while (!timers.isEmpty() && timers.first().at <= stamp) {
        Timer timer = timers.pollFirst();
        moments.delete(momentKey(timer));
        Customer c = read(timer.customer, customers.get(timer.customer));
        if (look(c, timer.at, "time", c.reviewAt == timer.at)) customers.put(c.key, write(c));
      }
      JsonNode body = noise.get("body");
      if (!body.get("kind").asText().equals("fact")) return;
      String key = body.get("customer").get("key").asText();
      Customer c = read(key, customers.get(key));
      c.reference = body.get("customer").get("reference").asText();
      evolve(c, body.get("fact"), stamp);
      look(c, stamp, "fact", true);
      customers.put(key, write(c));
    }

    private void evolve(Customer c, JsonNode fact, long stamp) {
      String id = fact.get("id").asText();
      long time = fact.get("time").asLong();
      JsonNode data = fact.get("data");
      switch (fact.get("kind").asText()) {
        case "order.placed" -> {
          make(c, Rule.DELIVERY, data.get("orderNumber").asText(), id, time, data.get("expectedArrivalUntil").asLong(), stamp);
          make(c, Rule.HAND_OVER, data.get("orderNumber").asText(), id, time, data.get("shippingLimitAt").asLong(), stamp);
        }
        case "delivery.status" -> {
          String order = data.get("orderNumber").asText();
          String status = data.get("deliveryStatus").asText();
          boolean delivered = status.equals("Delivered");
          if (delivered) keep(c, Rule.DELIVERY, order, id, data.has("deliveredAt") ? data.get("deliveredAt").asLong() : time);
          if (delivered || status.equals("InTransit")) keep(c, Rule.HAND_OVER, order, id, time);
        }
        case "contact.completed" -> {
          if (!data.has("queueWaitSeconds")) break;
          Row r = make(c, Rule.ANSWER, data.get("contactId").asText(), id, time, -1, stamp);
          long over = data.get("queueWaitSeconds").asLong() - 180;
          if (over <= 0) r.keptAt = time;
          else r.severity = over >= 420 ? 2 : 1;
        }
        case "billing.issued" -> {
          if (!data.has("amountDue") || !data.has("expectedAmount")) break;
          double over = amount(data.get("amountDue")) - amount(data.get("expectedAmount"));
          if (over >= 1) noise(c, Rule.CHARGED, id, time, over >= 10 ? 2 : 1);
        }
        case "social.mention" -> noise(c, Rule.PUBLIC, id, time, 1);
        default -> { }
      }
    }

    private static double amount(JsonNode money) {
      return Double.parseDouble(money.get("amount").asText());
    }

    private static void noise(Customer c, Rule rule, String event, long at, int severity) {
      Noise n = new Noise();
      n.rule = rule;
      n.event = event;
      n.at = at;
      n.severity = severity;
      c.noises.add(n);
    }

    private Row make(Customer c, Rule rule, String key, String event, long at, long due, long now) {
      Row r = new Row();
      r.rule = rule;
      r.key = key;
      r.madeBy = event;
      r.madeAt = at;
      r.due = due;
      c.rows.add(r);
      c.rows.sort((a, b) -> a.rule != b.rule ? a.rule.compareTo(b.rule) : a.key.compareTo(b.key));
      if (due > now) arm(due, c.key);
      return r;
    }

    private static void keep(Customer c, Rule rule, String key, String event, long at) {
      for (Row r : c.rows) {
        if (r.rule != rule || !r.key.equals(key) || r.keptAt >= 0 && r.keptAt <= at) continue;
        r.keptAt = at;
        r.keptBy = event;
      }
    }

    /** Says what changed. A moment that changes nothing, and is no review, is not looked at. */
    private boolean look(Customer c, long now, String because, boolean due) {
      boolean changed = false;
      for (Row r : c.rows) changed |= follow(c, r, now, because);
      if (!changed && !due) return false;
      settle(c, now);
      return true;
    }

    private boolean follow(Customer c, Row r, long now, String because) {
      int verdict = r.verdict(now);
      int severity = verdict != BROKEN ? 0 : r.rule == Rule.ANSWER ? r.severity : r.rule == Rule.DELIVERY ? 3 : 1;
      long since = r.rule == Rule.ANSWER || verdict == OPEN ? r.madeAt : verdict == KEPT ? r.keptAt : r.due;
      if (verdict == r.saidVerdict && since == r.since && severity == r.saidSeverity && r.keptAt == r.saidKept) return false;
      r.revision++;
      StringBuilder t = begin();
      t.append("{\"at\":\"").append(iso(since)).append("\",\"because\":\"").append(because);
      t.append("\",\"customer\":\"").append(c.reference).append("\",\"decidedAt\":\"").append(iso(now)).append("\",\"due\":");
      time(r.due).append(",\"evidence\":[\"").append(r.madeBy).append('"');
      if (!r.keptBy.isEmpty()) t.append(",\"").append(r.keptBy).append('"');
      t.append("],\"how\":\"").append(r.rule.how).append("\",\"keptAt\":");
      time(r.keptAt).append(",\"kind\":\"pledge\",\"link\":\"").append(r.rule.link).append("\",\"madeAt\":");
      time(r.madeAt).append(",\"madeBy\":\"").append(r.rule.madeBy).append("\",\"operatedBy\":\"").append(r.rule.operatedBy);
      t.append("\",\"owner\":\"").append(r.rule.owner).append("\",\"policy\":\"").append(policy);
      t.append("\",\"promiseId\":\"").append(r.promiseId()).append("\",\"revision\":").append(r.revision);
      t.append(",\"severity\":").append(severity).append(",\"template\":\"").append(r.rule.id);
      t.append("\",\"term\":1,\"verdict\":\"").append(VERDICTS[verdict]).append("\",\"was\":");
      quoted(VERDICTS[r.saidVerdict]).append('}');
      say(c, now);
      r.saidVerdict = verdict;
      r.since = since;
      r.saidSeverity = severity;
      r.saidKept = r.keptAt;
      return true;
    }

    private List<Part> parts(Customer c, long now) {
      List<Part> parts = new ArrayList<>();
      for (Row r : c.rows) {
        if (r.saidVerdict != BROKEN) continue;
        long mended = r.rule == Rule.ANSWER ? r.since : r.keptAt;
        long from = mended >= 0 ? mended : r.since + ONGOING;
        int points = decayed(BY_SEVERITY[r.saidSeverity], now - from);
        if (points != 0) parts.add(new Part(r.promiseId() + "#1", r.rule, r.saidSeverity, points, r.madeBy, r.keptBy));
      }
      for (Noise n : c.noises) {
        int points = decayed(BY_SEVERITY[n.severity], now - n.at);
        if (points != 0) parts.add(new Part(n.rule.id + "/" + n.event, n.rule, n.severity, points, n.event, ""));
      }
      parts.sort((a, b) -> a.points != b.points ? b.points - a.points : a.id.compareTo(b.id));
      return parts;
    }

    private void settle(Customer c, long now) {
      List<Part> parts = parts(c, now);
      int score = 0;
      for (Part p : parts) score += p.points;
      String level = score >= 500 ? "high" : score >= 250 ? "medium" : score >= 100 ? "low" : "none";
      Part lead = parts.isEmpty() ? null : parts.get(0);
      if (!level.equals(c.level)) {
        StringBuilder t = begin().append("{\"at\":\"").append(iso(now)).append("\",\"customer\":\"").append(c.reference);
        t.append("\",\"kind\":\"flag\",\"level\":\"").append(level).append("\",\"policy\":\"").append(policy);
        t.append("\",\"score\":").append(score).append(",\"topLink\":");
        quoted(lead == null ? null : lead.rule.link).append(",\"was\":\"").append(c.level).append("\"}");
        say(c, now);
        c.level = level;
      }
      String leadId = lead == null ? "" : lead.id;
      if (c.alertId.isEmpty()) {
        if (score >= ALERT_AT) {
          c.alertId = alertId(c, leadId, now);
          c.alertRevision = 1;
          alert(c, "opened", level, score, parts, now);
        }
      } else if (score < RECOVER_BELOW) {
        c.alertRevision++;
        alert(c, "recovered", level, score, parts, now);
        c.alertId = "";
      } else if (!c.alertLevel.equals(level) || !c.alertLead.equals(leadId)) {
        c.alertRevision++;
        alert(c, "amended", level, score, parts, now);
      }
      c.alertLevel = level;
      c.alertLead = leadId;
      if (level.equals("none")) {
        c.reviewAt = -1;
      } else {
        long next = (Math.floorDiv(now, REVIEW) + 1) * REVIEW;
        if (next != c.reviewAt) arm(next, c.key);
        c.reviewAt = next;
      }
    }

    private void alert(Customer c, String state, String level, int score, List<Part> parts, long now) {
      Part lead = parts.isEmpty() ? null : parts.get(0);
      StringBuilder t = begin().append("{\"alertId\":\"").append(c.alertId).append("\",\"at\":\"").append(iso(now));
      t.append("\",\"customer\":\"").append(c.reference).append("\",\"kind\":\"alert\",\"lead\":");
      if (lead == null) t.append("null");
      else part(lead);
      t.append(",\"level\":\"").append(level).append("\",\"operatedBy\":");
      quoted(lead == null ? null : lead.rule.operatedBy).append(",\"parts\":[");
      for (int i = 0; i < parts.size(); i++) {
        if (i > 0) t.append(',');
        part(parts.get(i));
      }
      t.append("],\"policy\":\"").append(policy).append("\",\"revision\":").append(c.alertRevision);
      t.append(",\"rule\":\"compound\",\"says\":\"").append(lead == null ? "" : lead.rule.says);
      if (parts.size() > 1) t.append(" It is one of ").append(parts.size()).append(" things that add up.");
      t.append("\",\"score\":").append(score).append(",\"state\":\"").append(state).append("\"}");
      say(c, now);
    }

    private void part(Part p) {
      StringBuilder t = text.append("{\"evidence\":[\"").append(p.first).append('"');
      if (!p.second.isEmpty()) t.append(",\"").append(p.second).append('"');
      t.append("],\"id\":\"").append(p.id).append("\",\"link\":\"").append(p.rule.link).append("\",\"owner\":\"");
      t.append(p.rule.owner).append("\",\"points\":").append(p.points).append(",\"rule\":\"").append(p.rule.id);
      t.append("\",\"says\":\"").append(p.rule.says).append("\",\"severity\":").append(p.severity).append('}');
    }

    private static String alertId(Customer c, String lead, long at) {
      try {
        String all = String.join("\0", "default", "compound", c.key, lead, Long.toString(at));
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(all.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(hash, 0, 12);
      } catch (java.security.NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }

    private StringBuilder begin() {
      text.setLength(0);
      return text;
    }

    private StringBuilder quoted(String value) {
      return value == null ? text.append("null") : text.append('"').append(value).append('"');
    }

    private StringBuilder time(long at) {
      return at < 0 ? text.append("null") : text.append('"').append(iso(at)).append('"');
    }

    private void say(Customer c, long now) {
      said.incrementAndGet();
      byte[] value = text.toString().getBytes(StandardCharsets.UTF_8);
      RecordHeaders headers = new RecordHeaders();
      headers.add("number", number);
      context.forward(new Record<>(c.key.getBytes(StandardCharsets.US_ASCII), value, now, headers));
    }
  }

  static final long[] TABLE = new long[64];

  static {
    for (int i = 0; i < 64; i++) TABLE[i] = (long) Math.floor(Math.pow(2, 30 - i / 64.0));
  }

  static int decayed(int points, long age) {
    if (age <= 0) return points;
    long step = Math.floorDiv(age * 64, HALF_LIFE);
    if (step >= 1920) return 0;
    long fraction = TABLE[(int) (step % 64)] >> (step / 64);
    return (int) ((points * fraction) >> 30);
  }


  /** 2026-03-05T18:00:00.000Z */
  static String iso(long at) {
    long day = Math.floorDiv(at, DAY);
    int ms = (int) Math.floorMod(at, DAY);
    char[] clock = "T00:00:00.000Z".toCharArray();
    put(clock, 1, ms / 3_600_000, 2);
    put(clock, 4, ms / 60_000 % 60, 2);
    put(clock, 7, ms / 1_000 % 60, 2);
    put(clock, 10, ms % 1_000, 3);
    return java.time.LocalDate.ofEpochDay(day) + new String(clock);
  }

  private static void put(char[] into, int from, int number, int digits) {
    for (int i = from + digits - 1; i >= from; i--, number /= 10) into[i] = (char) ('0' + number % 10);
  }

  /**
   * Tuned for throughput as its documentation advises: one thread for the one core troth's monitor has, a cache of
   * 256 MiB before stores and changelogs, batches of 256 KiB that wait 20 ms (none where latency is measured), fetches of 4 MiB a partition, 5,000
   * records a poll. Commits are at their defaults (100 ms exactly once, 30 s at least once): longer ones delay what
   * others may read. Serialisation is by hand, JSON is parsed by Jackson and written by a string builder.
   *
   * Arguments: brokers, noise topic, decisions topic, application id, state folder, guarantee, policy, records,
   * milliseconds a batch waits.
   */
  public static void main(String[] args) throws Exception {
    Properties p = new Properties();
    p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    p.put(StreamsConfig.APPLICATION_ID_CONFIG, args[3]);
    p.put(StreamsConfig.STATE_DIR_CONFIG, args[4]);
    p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, args[5]);
    p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 256L << 20);
    p.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    p.put(StreamsConfig.producerPrefix("linger.ms"), Integer.parseInt(args[8]));
    p.put(StreamsConfig.producerPrefix("batch.size"), 256 << 10);
    // A busy machine must not abort what the peer has done.
    p.put(StreamsConfig.producerPrefix("transaction.timeout.ms"), 300_000);
    p.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    p.put(StreamsConfig.consumerPrefix("max.poll.records"), 5_000);
    p.put(StreamsConfig.consumerPrefix("fetch.max.bytes"), 16 << 20);
    p.put(StreamsConfig.consumerPrefix("max.partition.fetch.bytes"), 4 << 20);
    Map<String, String> changelog = Map.of("min.insync.replicas", "1");
    var bytes = Serdes.ByteArray();
    Topology topology = new Topology();
    topology.addSource("noise", bytes.deserializer(), bytes.deserializer(), args[1]);
    topology.addProcessor("judge", () -> new Judge(args[6]), "noise");
    for (String store : List.of("customers", "moments")) {
      topology.addStateStore(
          Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(store), Serdes.String(), bytes)
              .withCachingEnabled()
              .withLoggingEnabled(changelog),
          "judge");
    }
    topology.addSink("decisions", args[2], bytes.serializer(), bytes.serializer(),
        (String topic, byte[] key, byte[] value, int partitions) ->
            java.util.Optional.of(java.util.Set.of(partitionOf(key, partitions))), "judge");
    KafkaStreams streams = new KafkaStreams(topology, p);
    CountDownLatch failed = new CountDownLatch(1);
    streams.setUncaughtExceptionHandler(error -> {
      error.printStackTrace();
      failed.countDown();
      return StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    });
    streams.start();
    long wanted = Long.parseLong(args[7]);
    while (done() < wanted && !failed.await(1, TimeUnit.MILLISECONDS)) { }
    // Closing commits: what was said and what was learned are on the broker when it returns.
    if (!streams.close(Duration.ofSeconds(120))) {
      System.err.println("Kafka Streams did not close in 120 s: its last transaction is not committed");
      System.exit(1);
    }
    double seconds = (System.nanoTime() - began.get()) / 1e9;
    double cpu = cpuSeconds() - cpuBefore;
    System.out.printf("{\"records\":%d,\"decisions\":%d,\"seconds\":%.3f,\"cpuSeconds\":%.3f}%n",
        done(), said.get(), seconds, cpu);
    System.exit(failed.getCount() == 0 ? 1 : 0);
  }

  /** The partition of a customer's key, as troth has it. */
  static int partitionOf(byte[] key, int partitions) {
    return (int) (Long.parseLong(new String(key, 0, 12, StandardCharsets.US_ASCII), 16) % partitions);
  }
}
