package reference;

import static org.apache.kafka.common.protocol.ApiKeys.DELETE_RECORDS;
import static org.apache.kafka.common.protocol.ApiKeys.FETCH;
import static org.apache.kafka.common.protocol.ApiKeys.PRODUCE;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.CompressionType;

/** Produce: what is taken, what is refused, and what the broker makes of a batch. */
final class Produce extends Area {
    private static final String ONE = """
        {acks: %d, timeoutMs: 5000, topicData: [{name: '%s', partitionData: [
          {index: %d, records: '%s'}]}]}""";

    Produce(Session session) {
        super("produce", session);
    }

    @Override
    void run() throws Exception {
        Uuid id = topic("pr-one", 2);
        versions(id);
        acks();
        targets();
        malformed();
        attributes();
        compressions();
        timestamps();
        limits();
        compacted();
    }

    private void produce(String question, int acks, String topic, int partition, Object records) {
        ask(question, PRODUCE, 9, ONE, acks, topic, partition, records);
    }

    private void produce(String question, String topic, Object records) {
        produce(question, -1, topic, 0, records);
    }

    private void stored(String question, String topic, int offset) {
        ask(question, FETCH, 12, """
            {maxWaitMs: 0, minBytes: 0, topics: [{topic: '%s', partitions: [
              {partition: 0, fetchOffset: %d, partitionMaxBytes: 1000000}]}]}""", topic, offset);
    }

    private void versions(Uuid id) {
        for (int version = 3; version <= 12; version++)
            ask("version." + version, PRODUCE, version, ONE, -1, "pr-one", 0, Batch.of("a", "b"));
        String byId = ONE.replace("name: '%s'", "topicId: '%s'");
        ask("version.13", PRODUCE, 13, byId, -1, id, 0, Batch.of("a", "b"));
        ask("unknownTopicId", PRODUCE, 13, byId, -1, new Uuid(8, 9), 0, Batch.of("a"));
        ask("zeroTopicId", PRODUCE, 13, byId, -1, Uuid.ZERO_UUID, 0, Batch.of("a"));
        ask("unknownPartition.byId", PRODUCE, 13, byId, -1, id, 9, Batch.of("a"));
        for (int version = 0; version <= 2; version++) {
            int v = version;
            ask("version." + v, () -> {
                ByteBuffer body = ByteBuffer.allocate(10).putShort((short) -1).putInt(1000)
                    .putInt(0);
                return session.raw.exchange(PRODUCE, v, body.flip());
            });
        }
    }

    private void acks() {
        for (int acks : new int[] {1, 2, -2, 100})
            produce("acks." + acks, acks, "pr-one", 0, Batch.of("a"));
        ask("acks.0.thenNext", () -> {
            session.raw.post(PRODUCE.id, 9, 2, body(0, "pr-one", Batch.of("a")));
            return session.raw.send(PRODUCE, 9, ONE, 1, "pr-one", 0, Batch.of("b"));
        });
        ask("acks.0.bad", () -> {
            try (Raw raw = new Raw(session.bootstrap)) {
                raw.post(PRODUCE.id, 9, 2, body(0, "pr-none", Batch.of("a")));
                return raw.isClosed(2_000) ? "closed" : "open";
            }
        });
        ask("timeout.zero", PRODUCE, 9, ONE.replace("5000", "0"), -1, "pr-one", 0, Batch.of("a"));
        ask("timeout.negative", PRODUCE, 9, ONE.replace("5000", "-1"), 1, "pr-one", 0,
            Batch.of("a"));
    }

    private static ByteBuffer body(int acks, String topic, Batch batch) throws Exception {
        return Raw.encode(PRODUCE, 9, ONE.formatted(acks, topic, 0, batch));
    }

    private void targets() {
        produce("unknownTopic", -1, "pr-none", 0, Batch.of("a"));
        produce("badTopicName", -1, "a b", 0, Batch.of("a"));
        produce("emptyTopicName", -1, "", 0, Batch.of("a"));
        produce("unknownPartition", -1, "pr-one", 2, Batch.of("a"));
        produce("negativePartition", -1, "pr-one", -1, Batch.of("a"));
        produce("internalTopic", -1, "__consumer_offsets", 0, Batch.of("a"));
        ask("nothing", PRODUCE, 9, "{acks: -1, timeoutMs: 5000, topicData: []}");
        ask("noPartitions", PRODUCE, 9,
            "{acks: -1, timeoutMs: 5000, topicData: [{name: 'pr-one', partitionData: []}]}");
        ask("goodBesideBad", PRODUCE, 9, """
            {acks: -1, timeoutMs: 5000, topicData: [{name: 'pr-one', partitionData: [
              {index: 0, records: '%1$s'}, {index: 1, records: '%1$s'},
                {index: 7, records: '%1$s'}]},
              {name: 'pr-none', partitionData: [{index: 0, records: '%1$s'}]}]}""", Batch.of("a"));
        ask("samePartitionTwice", PRODUCE, 9, """
            {acks: -1, timeoutMs: 5000, topicData: [{name: 'pr-one', partitionData: [
              {index: 1, records: '%1$s'}, {index: 1, records: '%1$s'}]}]}""", Batch.of("a"));
        ask("transactionalId.noTransaction", PRODUCE, 9,
            ONE.replace("{acks", "{transactionalId: 'pr-tx', acks"), -1, "pr-one", 0,
                Batch.of("a"));
    }

    private void malformed() throws Exception {
        topic("pr-bad", 1);
        produce("records.empty", "pr-bad", "");
        produce("crc", "pr-bad", Batch.of("a").brokenCrc());
        for (int magic : new int[] {0, 1, 3, -1})
            produce("magic." + magic, "pr-bad", Batch.of("a").magic(magic));
        produce("count.tooMany", "pr-bad", Batch.of("a").count(2));
        produce("count.tooFew", "pr-bad", Batch.of("a", "b").count(1));
        produce("count.zero", "pr-bad", Batch.of("a").count(0));
        produce("count.negative", "pr-bad", Batch.of("a").count(-1));
        produce("lastOffsetDelta.tooHigh", "pr-bad", Batch.of("a").lastOffsetDelta(5));
        produce("lastOffsetDelta.tooLow", "pr-bad", Batch.of("a", "b").lastOffsetDelta(0));
        produce("lastOffsetDelta.negative", "pr-bad", Batch.of("a").lastOffsetDelta(-1));
        produce("baseOffset.7", "pr-bad", Batch.of("a").baseOffset(7));
        produce("baseOffset.negative", "pr-bad", Batch.of("a").baseOffset(-1));
        produce("leaderEpoch.7", "pr-bad", Batch.of("a").leaderEpoch(7));
        produce("length.tooLong", "pr-bad", Batch.of("a").length(10_000));
        produce("length.tooShort", "pr-bad", Batch.of("a").length(10));
        produce("length.negative", "pr-bad", Batch.of("a").length(-1));
        produce("truncated", "pr-bad", cut(Batch.of("abc").toBytes(), 3));
        produce("truncated.header", "pr-bad", cut(Batch.of("abc").toBytes(), 30));
        produce("garbage", "pr-bad", Base64.getEncoder().encodeToString(new byte[100]));
        produce("batches.two", "pr-bad", joined(Batch.of("a"), Batch.of("b")));
        produce("batches.secondBad", "pr-bad", joined(Batch.of("a"), Batch.of("b").brokenCrc()));
        produce("record.headerCount", "pr-bad", Batch.of("abc").byteFromEnd(1, 0x7e));
        produce("record.valueLength", "pr-bad", Batch.of("abc").byteFromEnd(5, 0x7e));
        produce("record.offsetDelta", "pr-bad", Batch.of("abc").byteFromEnd(9, 0x7e));
        produce("record.length", "pr-bad", Batch.of("abc").byteFromEnd(12, 0x7e));
        produce("maxTimestamp.wrong", "pr-bad", Batch.of("a").maxTimestamp(Batch.T0 + 99_999));
        stored("stored.afterBad", "pr-bad", 0);
    }

    private static String cut(byte[] bytes, int less) {
        return Base64.getEncoder().encodeToString(Arrays.copyOf(bytes, bytes.length - less));
    }

    private static String joined(Batch a, Batch b) {
        byte[] first = a.toBytes();
        byte[] second = b.toBytes();
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return Base64.getEncoder().encodeToString(both);
    }

    private void attributes() throws Exception {
        topic("pr-attributes", 1);
        produce("attributes.control", "pr-attributes", Batch.of("a").attributes(0x20));
        produce("attributes.transactional", "pr-attributes", Batch.of("a").attributes(0x10));
        produce("attributes.logAppendTime", "pr-attributes", Batch.of("a").attributes(0x08));
        produce("attributes.deleteHorizon", "pr-attributes", Batch.of("a").attributes(0x40));
        produce("attributes.unusedBit", "pr-attributes", Batch.of("a").attributes(0x80));
        for (int codec = 5; codec <= 7; codec++)
            produce("attributes.codec." + codec, "pr-attributes", Batch.of("a").attributes(codec));
        produce("attributes.gzipThatIsNone", "pr-attributes", Batch.of("a").attributes(1));
        produce("attributes.zstdThatIsNone", "pr-attributes", Batch.of("a").attributes(4));
        produce("attributes.transactional.unknownProducer", "pr-attributes",
            Batch.transactional(987_654, 0, 0, "a"));
        stored("attributes.stored", "pr-attributes", 0);
    }

    private void compressions() throws Exception {
        topic("pr-codecs", 1);
        topic("pr-zstd", 1, "compression.type", "zstd");
        topic("pr-plain", 1, "compression.type", "uncompressed");
        for (CompressionType type : CompressionType.values()) {
            Batch batch = Batch.compressed(Compression.of(type).build(), "one", "two", "three");
            produce("codec." + type.name, "pr-codecs", batch);
            produce("codec." + type.name + ".toZstd", "pr-zstd", batch);
            produce("codec." + type.name + ".toNone", "pr-plain", batch);
        }
        Batch zstd = Batch.compressed(Compression.zstd().build(), "one");
        ask("codec.zstd.version.6", PRODUCE, 6, ONE, -1, "pr-codecs", 0, zstd);
        stored("codec.stored", "pr-codecs", 0);
        stored("codec.stored.zstd", "pr-zstd", 0);
        stored("codec.stored.none", "pr-plain", 0);
        ask("codec.zstd.fetch.version.9", FETCH, 9, """
            {maxWaitMs: 0, minBytes: 0, topics: [{topic: 'pr-zstd', partitions: [
              {partition: 0, fetchOffset: 0, partitionMaxBytes: 1000000}]}]}""");
    }

    private void timestamps() throws Exception {
        long now = System.currentTimeMillis();
        topic("pr-times", 1);
        produce("timestamp.minus1", "pr-times", Batch.at(-1, "a"));
        produce("timestamp.zero", "pr-times", Batch.at(0, "a"));
        produce("timestamp.now", "pr-times", Batch.at(now, "a"));
        produce("timestamp.inAnHourAndABit", "pr-times", Batch.at(now + 3_700_000, "a"));
        produce("timestamp.farFuture", "pr-times", Batch.at(now * 2, "a"));
        topic("pr-window", 1, "message.timestamp.before.max.ms", "60000",
            "message.timestamp.after.max.ms", "60000");
        produce("timestamp.window.old", "pr-window", Batch.at(now - 600_000, "a"));
        produce("timestamp.window.future", "pr-window", Batch.at(now + 600_000, "a"));
        produce("timestamp.window.now", "pr-window", Batch.at(now, "a"));
        produce("timestamp.window.secondFuture", "pr-window",
            Batch.atEach(now, now + 600_000, now));
        topic("pr-append", 1, "message.timestamp.type", "LogAppendTime");
        produce("timestamp.append", "pr-append", Batch.of("a", "b"));
        produce("timestamp.append.compressed", "pr-append",
            Batch.compressed(Compression.gzip().build(), "a", "b"));
        produce("timestamp.append.farFuture", "pr-append", Batch.at(now * 2, "a"));
        stored("timestamp.append.stored", "pr-append", 0);
    }

    private void limits() throws Exception {
        topic("pr-small", 1, "max.message.bytes", "200");
        produce("size.below", "pr-small", Batch.of("a".repeat(100)));
        produce("size.exact", "pr-small", Batch.of("a".repeat(128)));
        produce("size.above", "pr-small", Batch.of("a".repeat(300)));
        produce("size.above.compressed", "pr-small",
            Batch.compressed(Compression.gzip().build(), "a".repeat(3000)));
        produce("size.twoBatches", "pr-small",
            joined(Batch.of("a".repeat(80)), Batch.of("b".repeat(80))));
        produce("size.default.above", "pr-one", Batch.of("a".repeat(1_100_000)));
        topic("pr-quorum", 1, "min.insync.replicas", "2");
        produce("minInsync.all", -1, "pr-quorum", 0, Batch.of("a"));
        produce("minInsync.one", 1, "pr-quorum", 0, Batch.of("a"));
        topic("pr-segment", 1, "segment.bytes", "1048576", "max.message.bytes", "3000000");
        produce("size.aboveSegment", "pr-segment", Batch.of("a".repeat(1_100_000)));
    }

    private void compacted() throws Exception {
        topic("pr-compact", 1, "cleanup.policy", "compact");
        for (int version : new int[] {7, 8, 9})
            ask("compact.nullKey.version." + version, PRODUCE, version, ONE, -1, "pr-compact", 0,
                Batch.withoutKey("a"));
        produce("compact.key", "pr-compact", Batch.of("a", "b"));
        ask("compact.deleteRecords", DELETE_RECORDS, 2, """
            {topics: [{name: 'pr-compact', partitions: [{partitionIndex: 0, offset: 1}]}],
              timeoutMs: 5000}""");
        produce("nullKey", "pr-one", Batch.withoutKey("a"));
    }
}
