package reference;

import static org.apache.kafka.common.protocol.ApiKeys.DELETE_RECORDS;
import static org.apache.kafka.common.protocol.ApiKeys.LIST_OFFSETS;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;

/** ListOffsets by every kind of time, and DeleteRecords. */
final class Offsets extends Area {
    private static final TopicPartition ONE = new TopicPartition("o-one", 0);
    private static final TopicPartition EMPTY = new TopicPartition("o-one", 1);
    private static final String RAW = """
        {replicaId: -1, topics: [{name: '%s', partitions: [
          {partitionIndex: %d, currentLeaderEpoch: %d, timestamp: %d}]}]}""";

    Offsets(Session session) {
        super("offsets", session);
    }

    @Override
    void run() throws Exception {
        topic("o-one", 3);
        store("o-one", 0, Batch.of("a", "b", "c"));
        store("o-one", 0, Batch.compressed(Compression.gzip().build(), "d", "e", "f"));
        store("o-one", 0, Batch.at(Batch.T0 - 5_000, "old"));
        specs("one", ONE);
        specs("empty", EMPTY);
        specs("unknown", new TopicPartition("o-none", 0));
        times();
        raw();
        appendTime();
        deleteRecords();
    }

    private Object listed(TopicPartition partition, OffsetSpec spec) throws Exception {
        return listed(partition, spec, IsolationLevel.READ_UNCOMMITTED);
    }

    private Object listed(TopicPartition partition, OffsetSpec spec,
        IsolationLevel isolation) throws Exception {
        ListOffsetsResult.ListOffsetsResultInfo info = admin.listOffsets(
            Map.of(partition, spec), new ListOffsetsOptions(isolation)).partitionResult(partition)
                .get();
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("offset", info.offset());
        answer.put("timestamp", info.timestamp());
        answer.put("leaderEpoch", info.leaderEpoch().orElse(-1));
        return answer;
    }

    private void specs(String what, TopicPartition partition) {
        Map<String, OffsetSpec> specs = new LinkedHashMap<>();
        specs.put("earliest", OffsetSpec.earliest());
        specs.put("latest", OffsetSpec.latest());
        specs.put("maxTimestamp", OffsetSpec.maxTimestamp());
        specs.put("earliestLocal", OffsetSpec.earliestLocal());
        specs.put("latestTiered", OffsetSpec.latestTiered());
        specs.put("earliestPendingUpload", OffsetSpec.earliestPendingUpload());
        if (what.equals("unknown")) specs.keySet().retainAll(List.of("latest"));
        specs.forEach((name, spec) -> ask(what + "." + name, () -> listed(partition, spec)));
        if (!what.equals("unknown"))
            ask(what + ".latest.readCommitted",
                () -> listed(partition, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED));
    }

    private void times() {
        long[] deltas = {-10_000, -5_000, -1, 0, 1, 500, 1_000, 1_001, 2_000, 2_001, 3_000,
            1_000_000};
        for (long delta : deltas) {
            ask("time(" + delta + ")", () -> listed(ONE,
                OffsetSpec.forTimestamp(Batch.T0 + delta)));
        }
        ask("time.zero", () -> listed(ONE, OffsetSpec.forTimestamp(0)));
        ask("time.max", () -> listed(ONE, OffsetSpec.forTimestamp(Long.MAX_VALUE)));
        ask("time.empty", () -> listed(EMPTY, OffsetSpec.forTimestamp(0)));
    }

    private void raw() {
        for (int version = 1; version <= 11; version++) {
            ask("version." + version + ".latest", LIST_OFFSETS, version, RAW, "o-one", 0, -1, -1);
            ask("version." + version + ".time", LIST_OFFSETS, version, RAW, "o-one", 0, -1,
                Batch.T0);
        }
        for (int special = -8; special <= -3; special++)
            ask("special(" + special + ")", LIST_OFFSETS, 11, RAW, "o-one", 0, -1, special);
        ask("special.-3.version.6", LIST_OFFSETS, 6, RAW, "o-one", 0, -1, -3);
        ask("special.-4.version.7", LIST_OFFSETS, 7, RAW, "o-one", 0, -1, -4);
        ask("special.-5.version.8", LIST_OFFSETS, 8, RAW, "o-one", 0, -1, -5);
        ask("special.-6.version.10", LIST_OFFSETS, 10, RAW, "o-one", 0, -1, -6);
        ask("leaderEpoch.0", LIST_OFFSETS, 10, RAW, "o-one", 0, 0, -1);
        ask("leaderEpoch.newer", LIST_OFFSETS, 10, RAW, "o-one", 0, 5, -1);
        ask("unknownTopic", LIST_OFFSETS, 10, RAW, "o-none", 0, -1, -1);
        ask("badTopicName", LIST_OFFSETS, 10, RAW, "a b", 0, -1, -1);
        ask("unknownPartition", LIST_OFFSETS, 10, RAW, "o-one", 9, -1, -1);
        ask("negativePartition", LIST_OFFSETS, 10, RAW, "o-one", -1, -1, -1);
        ask("samePartitionTwice", LIST_OFFSETS, 10, """
            {replicaId: -1, topics: [{name: 'o-one', partitions: [
              {partitionIndex: 0, timestamp: -1}, {partitionIndex: 0, timestamp: -2}]}]}""");
        ask("none", LIST_OFFSETS, 10, "{replicaId: -1, topics: []}");
        ask("isolation.unknown", LIST_OFFSETS, 10,
            RAW.replace("{replicaId", "{isolationLevel: 9, replicaId"), "o-one", 0, -1, -1);
    }

    private void appendTime() throws Exception {
        topic("o-append", 1, "message.timestamp.type", "LogAppendTime");
        TopicPartition append = new TopicPartition("o-append", 0);
        store("o-append", 0, Batch.of("a", "b", "c"));
        ask("appendTime.max", () -> listed(append, OffsetSpec.maxTimestamp()));
        ask("appendTime.zero", () -> listed(append, OffsetSpec.forTimestamp(0)));
        ask("appendTime.later", () -> listed(append,
            OffsetSpec.forTimestamp(System.currentTimeMillis() + 60_000)));
    }

    private void delete(String question, TopicPartition partition, long before) {
        ask(question, () -> admin.deleteRecords(Map.of(partition,
            RecordsToDelete.beforeOffset(before)))
            .lowWatermarks().get(partition).get().lowWatermark());
    }

    private void deleteRecords() throws Exception {
        delete("delete.zero", ONE, 0);
        delete("delete.inABatch", ONE, 2);
        ask("delete.inABatch.earliest", () -> listed(ONE, OffsetSpec.earliest()));
        ask("delete.inABatch.time", () -> listed(ONE, OffsetSpec.forTimestamp(0)));
        ask("delete.inABatch.max", () -> listed(ONE, OffsetSpec.maxTimestamp()));
        delete("delete.lower", ONE, 1);
        delete("delete.beyond", ONE, 8);
        delete("delete.minus2", ONE, -2);
        delete("delete.all", ONE, -1);
        ask("delete.all.earliest", () -> listed(ONE, OffsetSpec.earliest()));
        ask("delete.all.latest", () -> listed(ONE, OffsetSpec.latest()));
        ask("delete.all.time", () -> listed(ONE, OffsetSpec.forTimestamp(0)));
        ask("delete.all.max", () -> listed(ONE, OffsetSpec.maxTimestamp()));
        delete("delete.empty", EMPTY, -1);
        delete("delete.empty.one", EMPTY, 1);
        ask("delete.unknownTopic", DELETE_RECORDS, 2, """
            {topics: [{name: 'o-none', partitions: [{partitionIndex: 0, offset: 0}]}],
              timeoutMs: 5000}""");
        delete("delete.internal", new TopicPartition("__consumer_offsets", 0), -1);
        for (int version = 0; version <= 2; version++)
            ask("delete.version." + version, DELETE_RECORDS, version, """
                {topics: [{name: 'o-one', partitions: [{partitionIndex: 0, offset: 3},
                  {partitionIndex: 9, offset: 3}]}], timeoutMs: 5000}""");
        store("o-one", 0, Batch.of("after"));
        ask("delete.producedAfter", () -> listed(ONE, OffsetSpec.latest()));
    }
}
