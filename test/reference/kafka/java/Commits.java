package reference;

import static org.apache.kafka.common.protocol.ApiKeys.DELETE_GROUPS;
import static org.apache.kafka.common.protocol.ApiKeys.OFFSET_COMMIT;
import static org.apache.kafka.common.protocol.ApiKeys.OFFSET_DELETE;
import static org.apache.kafka.common.protocol.ApiKeys.OFFSET_FETCH;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

/** OffsetCommit, OffsetFetch and OffsetDelete without members, and their Admin calls. */
final class Commits extends Area {
    private static final String COMMIT = """
        {groupId: '%s', generationIdOrMemberEpoch: %d, memberId: '%s',
          topics: [{name: '%s', partitions: [
          {partitionIndex: %d, committedOffset: %d, committedMetadata: '%s'}]}]}""";

    private Uuid id;

    Commits(Session session) {
        super("commits", session);
    }

    @Override
    void run() throws Exception {
        id = topic("co-one", 3);
        commits();
        fetches();
        adminCalls();
        deletes();
    }

    private void commit(String question, int version, String group, int generation, String member,
            String topic, int partition, long offset, String metadata) {
        ask(question, OFFSET_COMMIT, version, COMMIT, group, generation, member, topic, partition,
            offset, metadata);
    }

    private void commits() {
        for (int version = 2; version <= 9; version++)
            commit("commit.version." + version, version, "co-g", -1, "", "co-one", 0, version, "v");
        String byId = COMMIT.replace("name: '%s'", "topicId: '%s'");
        ask("commit.version.10", OFFSET_COMMIT, 10, byId, "co-g", -1, "", id, 0, 10, "v10");
        ask("commit.unknownTopicId", OFFSET_COMMIT, 10, byId, "co-g", -1, "", new Uuid(1, 9), 0,
            10, "");
        ask("commit.zeroTopicId", OFFSET_COMMIT, 10, byId, "co-g", -1, "", Uuid.ZERO_UUID, 0, 10,
            "");
        commit("commit.emptyGroup", 8, "", -1, "", "co-one", 0, 1, "");
        commit("commit.unknownTopic", 8, "co-g", -1, "", "co-none", 0, 1, "");
        commit("commit.unknownPartition", 8, "co-g", -1, "", "co-one", 9, 1, "");
        commit("commit.negativePartition", 8, "co-g", -1, "", "co-one", -1, 1, "");
        commit("commit.negativeOffset", 8, "co-g", -1, "", "co-one", 1, -5, "");
        commit("commit.beyondEnd", 8, "co-g", -1, "", "co-one", 2, 999, "");
        commit("commit.metadata.4096", 8, "co-g", -1, "", "co-one", 1, 1, "m".repeat(4096));
        commit("commit.metadata.4097", 8, "co-g", -1, "", "co-one", 1, 2, "m".repeat(4097));
        commit("commit.unknownGroup.generation", 8, "co-new1", 1, "", "co-one", 0, 1, "");
        commit("commit.unknownGroup.member", 8, "co-new2", -1, "nobody", "co-one", 0, 1, "");
        commit("commit.unknownGroup.both", 8, "co-new3", 1, "nobody", "co-one", 0, 1, "");
        commit("commit.known.generation", 8, "co-g", 1, "", "co-one", 0, 1, "");
        commit("commit.known.member", 8, "co-g", 1, "nobody", "co-one", 0, 1, "");
        commit("commit.longGroup", 8, "g".repeat(1_000), -1, "", "co-one", 0, 1, "");
        ask("commit.instance", OFFSET_COMMIT, 8,
            COMMIT.replace("{groupId", "{groupInstanceId: 'i', groupId"),
            "co-g", -1, "", "co-one", 0, 1, "");
        ask("commit.nullMetadata", OFFSET_COMMIT, 8, COMMIT.replace("'%s'}]}]}", "null}]}]}"),
            "co-g", -1, "", "co-one", 2, 7);
        ask("commit.leaderEpoch", OFFSET_COMMIT, 8,
            COMMIT.replace("committedMetadata", "committedLeaderEpoch: 5, committedMetadata"),
            "co-epoch", -1, "", "co-one", 0, 3, "e");
        ask("commit.nothing", OFFSET_COMMIT, 8,
            "{groupId: 'co-g', generationIdOrMemberEpoch: -1, topics: []}");
        ask("commit.goodBesideBad", OFFSET_COMMIT, 8, """
            {groupId: 'co-beside', generationIdOrMemberEpoch: -1, topics: [
              {name: 'co-one', partitions: [{partitionIndex: 0, committedOffset: 1},
                {partitionIndex: 8, committedOffset: 1}]},
              {name: 'co-none', partitions: [{partitionIndex: 0, committedOffset: 1}]}]}""");
        ask("commit.retention.version.2", OFFSET_COMMIT, 2,
            COMMIT.replace("{groupId", "{retentionTimeMs: 1000, groupId"), "co-g", -1, "",
                "co-one", 0, 42, "r");
    }

    private void fetches() {
        String old = "{groupId: '%s', topics: [{name: 'co-one', partitionIndexes: [0, 1, 2, 7]}]}";
        for (int version = 1; version <= 7; version++)
            ask("fetch.version." + version, OFFSET_FETCH, version, old, "co-g");
        String many = """
            {groups: [{groupId: '%s', topics: [{name: 'co-one', partitionIndexes: [0, 1, 2, 7]},
              {name: 'co-none', partitionIndexes: [0]}]}]}""";
        for (int version = 8; version <= 9; version++)
            ask("fetch.version." + version, OFFSET_FETCH, version, many, "co-g");
        String byId =
            "{groups: [{groupId: '%s', topics: [{topicId: '%s', partitionIndexes: [0, 7]}]}]}";
        ask("fetch.version.10", OFFSET_FETCH, 10, byId, "co-g", id);
        ask("fetch.unknownTopicId", OFFSET_FETCH, 10, byId, "co-g", new Uuid(1, 9));
        ask("fetch.all.2", OFFSET_FETCH, 2, "{groupId: 'co-g', topics: null}");
        ask("fetch.all.8", OFFSET_FETCH, 8, "{groups: [{groupId: 'co-g', topics: null}]}");
        ask("fetch.all.10", OFFSET_FETCH, 10, "{groups: [{groupId: 'co-g', topics: null}]}");
        ask("fetch.noTopics", OFFSET_FETCH, 8, "{groups: [{groupId: 'co-g', topics: []}]}");
        ask("fetch.unknownGroup", OFFSET_FETCH, 8, many, "co-nobody");
        ask("fetch.unknownGroup.all", OFFSET_FETCH, 8,
            "{groups: [{groupId: 'co-nobody', topics: null}]}");
        ask("fetch.emptyGroup", OFFSET_FETCH, 8, many, "");
        ask("fetch.twoGroups", OFFSET_FETCH, 8, """
            {groups: [{groupId: 'co-g', topics: [{name: 'co-one', partitionIndexes: [0]}]},
              {groupId: 'co-epoch', topics: null}]}""");
        ask("fetch.noGroups", OFFSET_FETCH, 8, "{groups: []}");
        ask("fetch.requireStable", OFFSET_FETCH, 8,
            "{requireStable: true, groups: [{groupId: 'co-g', topics: null}]}");
        ask("fetch.member.unknown", OFFSET_FETCH, 9, """
            {groups: [{groupId: 'co-g', memberId: 'nobody', memberEpoch: 3, topics: null}]}""");
        ask("fetch.beside", OFFSET_FETCH, 8, "{groups: [{groupId: 'co-beside', topics: null}]}");
    }

    private void adminCalls() {
        TopicPartition one = new TopicPartition("co-one", 0);
        ask("admin.alter", () -> admin.alterConsumerGroupOffsets("co-admin",
            Map.of(one, new OffsetAndMetadata(5, "note"))).partitionResult(one).get());
        ask("admin.list", () -> listed("co-admin"));
        ask("admin.list.unknown", () -> listed("co-nobody"));
        ask("admin.list.empty", () -> listed(""));
        ask("admin.list.uncommitted", () ->
            String.valueOf(admin.listConsumerGroupOffsets(Map.of("co-admin",
            new ListConsumerGroupOffsetsSpec()
                .topicPartitions(List.of(new TopicPartition("co-one", 2)))))
            .partitionsToOffsetAndMetadata("co-admin").get()));
        TopicPartition none = new TopicPartition("co-none", 0);
        ask("admin.alter.unknownTopic", () -> admin.alterConsumerGroupOffsets("co-admin",
            Map.of(none, new OffsetAndMetadata(5))).partitionResult(none).get());
        ask("admin.alter.emptyGroup", () -> admin.alterConsumerGroupOffsets("",
            Map.of(one, new OffsetAndMetadata(5))).partitionResult(one).get());
    }

    private Object listed(String group) throws Exception {
        Map<String, Object> answer = new HashMap<>();
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().forEach(
            (partition, offset) -> answer.put(partition.toString(), offset == null ? "none"
                : offset.offset() + " " + offset.metadata() + " " + offset.leaderEpoch()));
        return answer;
    }

    private void deletes() {
        TopicPartition one = new TopicPartition("co-one", 0);
        TopicPartition none = new TopicPartition("co-none", 0);
        ask("delete.offset", () -> admin.deleteConsumerGroupOffsets("co-admin", Set.of(one))
            .partitionResult(one).get());
        ask("delete.offset.after", () -> listed("co-admin"));
        ask("delete.offset.again", () -> admin.deleteConsumerGroupOffsets("co-admin", Set.of(one))
            .partitionResult(one).get());
        ask("delete.offset.unknownTopic", () ->
            admin.deleteConsumerGroupOffsets("co-g", Set.of(none)).partitionResult(none).get());
        ask("delete.offset.unknownGroup", () ->
            admin.deleteConsumerGroupOffsets("co-nobody", Set.of(one)).partitionResult(one).get());
        ask("delete.raw", OFFSET_DELETE, 0, """
            {groupId: 'co-g', topics: [{name: 'co-one',
              partitions: [{partitionIndex: 1}, {partitionIndex: 8}]}]}""");
        ask("delete.raw.emptyGroup", OFFSET_DELETE, 0,
            "{groupId: '', topics: [{name: 'co-one', partitions: [{partitionIndex: 1}]}]}");
        ask("delete.group", () -> admin.deleteConsumerGroups(List.of("co-g")).deletedGroups()
            .get("co-g").get());
        ask("delete.group.after", () -> listed("co-g"));
        ask("delete.group.again", () -> admin.deleteConsumerGroups(List.of("co-g")).deletedGroups()
            .get("co-g").get());
        ask("delete.group.empty", () -> admin.deleteConsumerGroups(List.of("")).deletedGroups()
            .get("").get());
        for (int version = 0; version <= 2; version++)
            ask("delete.group.version." + version, DELETE_GROUPS, version,
                "{groupsNames: ['co-nobody', 'co-epoch']}");
    }
}
