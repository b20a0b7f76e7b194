package reference;

import static org.apache.kafka.common.protocol.ApiKeys.ALTER_PARTITION_REASSIGNMENTS;
import static org.apache.kafka.common.protocol.ApiKeys.CREATE_PARTITIONS;
import static org.apache.kafka.common.protocol.ApiKeys.LIST_PARTITION_REASSIGNMENTS;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.NewPartitions;

/** CreatePartitions, AlterPartitionReassignments, ListPartitionReassignments. */
final class Partitions extends Area {
    private static final String TOPIC = "p-grow";

    Partitions(Session session) {
        super("partitions", session);
    }

    @Override
    void run() throws Exception {
        topic(TOPIC, 3);
        grow("same", NewPartitions.increaseTo(3));
        grow("fewer", NewPartitions.increaseTo(2));
        grow("zero", NewPartitions.increaseTo(0));
        grow("negative", NewPartitions.increaseTo(-1));
        grow("more", NewPartitions.increaseTo(4));
        grow("assignment.good", NewPartitions.increaseTo(5, List.of(List.of(1))));
        grow("assignment.tooFew", NewPartitions.increaseTo(7, List.of(List.of(1))));
        grow("assignment.tooMany", NewPartitions.increaseTo(6, List.of(List.of(1), List.of(1))));
        grow("assignment.unknownBroker", NewPartitions.increaseTo(6, List.of(List.of(9))));
        grow("assignment.twice", NewPartitions.increaseTo(6, List.of(List.of(1, 1))));
        grow("assignment.empty", NewPartitions.increaseTo(6, List.of(List.of())));
        grow("assignment.otherFactor", NewPartitions.increaseTo(6, List.of(List.of(1, 2))));
        CreatePartitionsOptions dry = new CreatePartitionsOptions().validateOnly(true);
        ask("validateOnly", () -> admin.createPartitions(
            Map.of(TOPIC, NewPartitions.increaseTo(8)), dry).values().get(TOPIC).get());
        ask("validateOnly.bad", () -> admin.createPartitions(
            Map.of(TOPIC, NewPartitions.increaseTo(1)), dry).values().get(TOPIC).get());
        ask("unknownTopic", () -> admin.createPartitions(
            Map.of("p-none", NewPartitions.increaseTo(8))).values().get("p-none").get());
        session.barrier();
        ask("count", () -> admin.describeTopics(List.of(TOPIC)).allTopicNames().get()
            .get(TOPIC).partitions().size());
        ask("sameTopicTwice", CREATE_PARTITIONS, 3,
            "{topics: [{name: 'p-grow', count: 6}, {name: 'p-grow', count: 7}], timeoutMs: 5000}");
        ask("none", CREATE_PARTITIONS, 3, "{topics: [], timeoutMs: 5000}");
        ask("badName", CREATE_PARTITIONS, 3,
            "{topics: [{name: 'a b', count: 6}], timeoutMs: 5000}");
        for (int version = 0; version <= 3; version++)
            ask("version." + version, CREATE_PARTITIONS, version,
                "{topics: [{name: 'p-grow', count: %d, assignments: null}], timeoutMs: 5000}", 10
                    + version);
        ask("internal", CREATE_PARTITIONS, 3,
            "{topics: [{name: '__consumer_offsets', count: 10}], timeoutMs: 5000}");
        reassignments();
    }

    private void reassignments() {
        for (int version = 0; version <= 1; version++) {
            int v = version;
            reassign("same", v, "{partitionIndex: 0, replicas: [1]}");
            reassign("cancel", v, "{partitionIndex: 0, replicas: null}");
            reassign("unknownBroker", v, "{partitionIndex: 0, replicas: [9]}");
            reassign("oneMore", v, "{partitionIndex: 0, replicas: [1, 9]}");
            reassign("twice", v, "{partitionIndex: 0, replicas: [1, 1]}");
            reassign("empty", v, "{partitionIndex: 0, replicas: []}");
            reassign("negative", v, "{partitionIndex: 0, replicas: [-1]}");
            reassign("unknownPartition", v, "{partitionIndex: 99, replicas: [1]}");
            reassign("cancel.unknownPartition", v, "{partitionIndex: 99, replicas: null}");
            reassign("several", v, """
                {partitionIndex: 0, replicas: [1]}, {partitionIndex: 1, replicas: null},
                {partitionIndex: 0, replicas: [1]}, {partitionIndex: 2, replicas: [9]}""");
            reassign("none", v, "");
        }
        ask("reassign.factor", ALTER_PARTITION_REASSIGNMENTS, 1, """
            {allowReplicationFactorChange: false, timeoutMs: 5000, topics: [{name: 'p-grow',
              partitions: [{partitionIndex: 0, replicas: [1]}]}]}""");
        ask("reassign.unknownTopic", ALTER_PARTITION_REASSIGNMENTS, 1, """
            {timeoutMs: 5000, topics: [{name: 'p-none',
              partitions: [{partitionIndex: 0, replicas: [1]}]}]}""");
        ask("reassign.noTopics", ALTER_PARTITION_REASSIGNMENTS, 1, "{timeoutMs: 5000, topics: []}");
        ask("reassigning", LIST_PARTITION_REASSIGNMENTS, 0, "{topics: null}");
        ask("reassigning.none", LIST_PARTITION_REASSIGNMENTS, 0, "{topics: []}");
        ask("reassigning.some", LIST_PARTITION_REASSIGNMENTS, 0, """
            {topics: [{name: 'p-grow', partitionIndexes: [0, 99]},
              {name: 'p-none', partitionIndexes: [0]}]}""");
    }

    private void reassign(String question, int version, String partitions) {
        ask("reassign." + question + "." + version, ALTER_PARTITION_REASSIGNMENTS, version,
            "{timeoutMs: 5000, topics: [{name: 'p-grow', partitions: [%s]}]}", partitions);
    }

    private void grow(String question, NewPartitions partitions) {
        ask(question, () ->
            admin.createPartitions(Map.of(TOPIC, partitions)).values().get(TOPIC).get());
    }
}
