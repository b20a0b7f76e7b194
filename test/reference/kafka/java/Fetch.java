package reference;

import static org.apache.kafka.common.protocol.ApiKeys.DELETE_RECORDS;
import static org.apache.kafka.common.protocol.ApiKeys.FETCH;
import static org.apache.kafka.common.protocol.ApiKeys.OFFSET_FOR_LEADER_EPOCH;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.Uuid;

/** Fetch: ranges, limits, waiting, sessions, epochs; and OffsetForLeaderEpoch. */
final class Fetch extends Area {
    private static final String ONE = """
        {maxWaitMs: 0, minBytes: 0, topics: [{topic: '%s', partitions: [
          {partition: %d, fetchOffset: %d, partitionMaxBytes: 1000000}]}]}""";
    private static final String BY_ID = ONE.replace("topic: '%s'", "topicId: '%s'");
    private static final int SHORT_WAIT_MS = 1_000;

    private Uuid id;

    Fetch(Session session) {
        super("fetch", session);
    }

    @Override
    void run() throws Exception {
        id = topic("f-one", 2);
        for (String value : new String[] {"a", "b", "c"})
            store("f-one", 0, Batch.of(value + "0", value + "1", value + "2"));
        versions();
        ranges();
        targets();
        limits();
        waiting();
        sessions();
        epochs();
        deleted();
    }

    private void fetch(String question, String topic, int partition, long offset) {
        ask(question, FETCH, 12, ONE, topic, partition, offset);
    }

    private void versions() {
        for (int version = 4; version <= 12; version++)
            ask("version." + version, FETCH, version, ONE, "f-one", 0, 6);
        for (int version = 13; version <= 18; version++)
            ask("version." + version, FETCH, version, BY_ID, id, 0, 6);
    }

    private void ranges() {
        for (int offset : new int[] {0, 1, 4, 8, 9, 10, -1, -2})
            fetch("offset." + offset, "f-one", 0, offset);
        fetch("offset.huge", "f-one", 0, Long.MAX_VALUE);
        fetch("empty", "f-one", 1, 0);
        fetch("empty.beyond", "f-one", 1, 1);
        ask("readCommitted", FETCH, 12, ONE.replace("{maxWaitMs", "{isolationLevel: 1, maxWaitMs"),
            "f-one", 0, 6);
        ask("isolation.unknown", FETCH, 12, ONE.replace("{maxWaitMs",
            "{isolationLevel: 2, maxWaitMs"), "f-one", 0, 6);
        ask("replica", FETCH, 12, ONE.replace("{maxWaitMs", "{replicaId: 7, maxWaitMs"), "f-one",
            0, 0);
        ask("logStartOffset.given", FETCH, 12,
            ONE.replace("fetchOffset", "logStartOffset: 2, fetchOffset"), "f-one", 0, 8);
    }

    private void targets() {
        fetch("unknownTopic", "f-none", 0, 0);
        fetch("badTopicName", "a b", 0, 0);
        fetch("unknownPartition", "f-one", 5, 0);
        fetch("negativePartition", "f-one", -1, 0);
        ask("unknownTopicId", FETCH, 13, BY_ID, new Uuid(4, 4), 0, 0);
        ask("zeroTopicId", FETCH, 13, BY_ID, Uuid.ZERO_UUID, 0, 0);
        ask("unknownPartition.byId", FETCH, 13, BY_ID, id, 5, 0);
        ask("none", FETCH, 12, "{maxWaitMs: 0, minBytes: 0, topics: []}");
        ask("goodBesideBad", FETCH, 12, """
            {maxWaitMs: 0, minBytes: 0, topics: [{topic: 'f-none', partitions: [
              {partition: 0, fetchOffset: 0, partitionMaxBytes: 100}]},
                {topic: 'f-one', partitions: [
              {partition: 0, fetchOffset: 8, partitionMaxBytes: 1000},
              {partition: 1, fetchOffset: 8, partitionMaxBytes: 1000}]}]}""");
        ask("samePartitionTwice", FETCH, 12, """
            {maxWaitMs: 0, minBytes: 0, topics: [{topic: 'f-one', partitions: [
              {partition: 0, fetchOffset: 6, partitionMaxBytes: 1000},
              {partition: 0, fetchOffset: 3, partitionMaxBytes: 1000}]}]}""");
    }

    private void limits() throws Exception {
        topic("f-large", 2);
        for (int partition = 0; partition < 2; partition++)
            for (int i = 0; i < 3; i++) store("f-large", partition, Batch.of("x".repeat(1000)));
        String two = """
            {maxWaitMs: 0, minBytes: 0, maxBytes: %d, topics: [{topic: 'f-large', partitions: [
              {partition: 0, fetchOffset: 0, partitionMaxBytes: %d},
              {partition: 1, fetchOffset: 0, partitionMaxBytes: %d}]}]}""";
        ask("maxBytes.partition.1", FETCH, 12, two, 1_000_000, 1, 1);
        ask("maxBytes.partition.0", FETCH, 12, two, 1_000_000, 0, 0);
        ask("maxBytes.partition.negative", FETCH, 12, two, 1_000_000, -1, -1);
        ask("maxBytes.partition.two", FETCH, 12, two, 1_000_000, 2_200, 2_200);
        ask("maxBytes.request.1", FETCH, 12, two, 1, 1_000_000, 1_000_000);
        ask("maxBytes.request.0", FETCH, 12, two, 0, 1_000_000, 1_000_000);
        ask("maxBytes.request.firstAndABit", FETCH, 12, two, 4_000, 1_000_000, 1_000_000);
        ask("maxBytes.version.4", FETCH, 4, two, 1, 1, 1);
    }

    /** How long an empty fetch waits, told as one of three words, so that it can be compared. */
    private String waited(String json, Object... arguments) throws Exception {
        long startedNs = System.nanoTime();
        send(FETCH, 12, json, arguments);
        long ms = (System.nanoTime() - startedNs) / 1_000_000;
        if (ms < SHORT_WAIT_MS / 2) return "at once";
        return ms < SHORT_WAIT_MS - 20 ? "early" : "waited";
    }

    private void waiting() throws Exception {
        topic("f-wait", 1);
        String wait = """
            {maxWaitMs: %d, minBytes: %d, topics: [{topic: 'f-wait', partitions: [
              {partition: 0, fetchOffset: %d, partitionMaxBytes: 1000000}]}]}""";
        ask("wait.empty", () -> waited(wait, SHORT_WAIT_MS, 1, 0));
        ask("wait.minBytes.zero", () -> waited(wait, SHORT_WAIT_MS, 0, 0));
        ask("wait.zero", () -> waited(wait, 0, 1, 0));
        ask("wait.outOfRange", () -> waited(wait, SHORT_WAIT_MS, 1, 5));
        store("f-wait", 0, Batch.of("a"));
        ask("wait.enough", () -> waited(wait, SHORT_WAIT_MS, 1, 0));
        ask("wait.notEnough", () -> waited(wait, SHORT_WAIT_MS, 100_000, 0));
        ask("wait.notEnough.answer", FETCH, 12, wait, SHORT_WAIT_MS, 100_000, 0);
        ask("wait.minBytesAbovePartitionMax", () ->
            waited(wait.replace("1000000", "10"), SHORT_WAIT_MS, 20, 0));
        ask("wait.unknownTopic", () -> waited(wait.replace("f-wait", "f-none"), SHORT_WAIT_MS, 1,
            0));
        ask("wait.wokenByProduce", () -> {
            CompletableFuture<JsonNode> waiting = CompletableFuture.supplyAsync(() -> {
                try (Raw raw = new Raw(session.bootstrap)) {
                    return raw.send(FETCH, 12, wait, 5_000, 1, 1);
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            store("f-wait", 0, Batch.of("woken"));
            return waiting.get();
        });
        ask("wait.pipelined", () -> {
            session.raw.post(FETCH.id, 12, 2,
                Raw.encode(FETCH, 12, wait.formatted(SHORT_WAIT_MS, 1, 2)));
            session.raw.post(FETCH.id, 12, 2, Raw.encode(FETCH, 12, wait.formatted(0, 1, 0)));
            JsonNode first = session.raw.response(FETCH, 12);
            return List.of(first, session.raw.response(FETCH, 12));
        });
    }

    private void sessions() throws Exception {
        String open = """
            {maxWaitMs: 0, minBytes: 0, sessionId: %d, sessionEpoch: %d, topics: [%s],
              forgottenTopicsData: [%s]}""";
        String both = """
            {topic: 'f-one', partitions: [{partition: 0, fetchOffset: 6, partitionMaxBytes: 100000},
              {partition: 1, fetchOffset: 0, partitionMaxBytes: 100000}]}""";
        String moved = """
            {topic: 'f-one', partitions: [{partition: 0, fetchOffset: 9,
              partitionMaxBytes: 100000}]}""";
        ask("session.none", FETCH, 12, open, 0, -1, both, "");
        JsonNode first = send(FETCH, 12, open, 0, 0, both, "");
        ask("session.open", () -> first);
        int session = first.path("sessionId").asInt();
        ask("session.next", FETCH, 12, open, session, 1, "", "");
        ask("session.moved", FETCH, 12, open, session, 2, moved, "");
        ask("session.unchanged", FETCH, 12, open, session, 3, "", "");
        ask("session.forget", FETCH, 12, open, session, 4, "", "{topic: 'f-one', partitions: [1]}");
        ask("session.wrongEpoch", FETCH, 12, open, session, 9, "", "");
        ask("session.repeatedEpoch", FETCH, 12, open, session, 4, "", "");
        ask("session.unknown", FETCH, 12, open, 123_456, 1, "", "");
        ask("session.unknown.close", FETCH, 12, open, 123_456, -1, "", "");
        ask("session.close", FETCH, 12, open, session, -1, both, "");
        ask("session.closed", FETCH, 12, open, session, 5, "", "");
        ask("session.zeroWithEpoch", FETCH, 12, open, 0, 5, both, "");
        ask("session.open.nothing", FETCH, 12, open, 0, 0, "", "");
        ask("session.open.unknownTopic", FETCH, 12, open, 0, 0, both.replace("f-one", "f-none"),
            "");
    }

    private void epochs() {
        for (int epoch : new int[] {-1, 0, 1, 99, -2})
            ask("leaderEpoch." + epoch, FETCH, 12,
                ONE.replace("fetchOffset", "currentLeaderEpoch: " + epoch + ", fetchOffset"),
                    "f-one", 0, 6);
        for (int epoch : new int[] {0, 1})
            ask("lastFetchedEpoch." + epoch, FETCH, 12,
                ONE.replace("fetchOffset", "lastFetchedEpoch: " + epoch + ", fetchOffset"),
                    "f-one", 0, 6);
        String ask = """
            {replicaId: -1, topics: [{topic: '%s', partitions: [
              {partition: %d, currentLeaderEpoch: %d, leaderEpoch: %d}]}]}""";
        for (int epoch : new int[] {-1, 0, 1, 99})
            ask("offsetForEpoch." + epoch, OFFSET_FOR_LEADER_EPOCH, 4, ask, "f-one", 0, -1, epoch);
        ask("offsetForEpoch.current.0", OFFSET_FOR_LEADER_EPOCH, 4, ask, "f-one", 0, 0, 0);
        ask("offsetForEpoch.current.newer", OFFSET_FOR_LEADER_EPOCH, 4, ask, "f-one", 0, 5, 0);
        ask("offsetForEpoch.unknownTopic", OFFSET_FOR_LEADER_EPOCH, 4, ask, "f-none", 0, -1, 0);
        ask("offsetForEpoch.unknownPartition", OFFSET_FOR_LEADER_EPOCH, 4, ask, "f-one", 9, -1, 0);
        ask("offsetForEpoch.empty", OFFSET_FOR_LEADER_EPOCH, 4, ask, "f-one", 1, -1, 0);
        for (int version = 2; version <= 3; version++)
            ask("offsetForEpoch.version." + version, OFFSET_FOR_LEADER_EPOCH, version,
                version < 3 ? ask.replace("replicaId: -1, ", "") : ask, "f-one", 0, -1, 0);
    }

    private void deleted() throws Exception {
        send(DELETE_RECORDS, 2, """
            {topics: [{name: 'f-one', partitions: [{partitionIndex: 0, offset: 4}]}],
              timeoutMs: 5000}""");
        fetch("deleted.below", "f-one", 0, 3);
        fetch("deleted.first", "f-one", 0, 4);
        ask("deleted.offsetForEpoch", OFFSET_FOR_LEADER_EPOCH, 4, """
            {replicaId: -1, topics: [{topic: 'f-one', partitions: [
              {partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0}]}]}""");
    }
}
