package reference;

import static org.apache.kafka.common.protocol.ApiKeys.METADATA;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiKeys;

/** Metadata in every version: names, ids, all, none, unknown ones, creation on demand. */
final class Metadata extends Area {
    Metadata(Session session) {
        super("metadata", session);
    }

    @Override
    void run() throws Exception {
        Uuid id = topic("m-one", 2);
        for (int version = 0; version <= 13; version++) {
            ask("version." + version, METADATA, version, "{topics: [{name: 'm-one'}]}");
            ask("version." + version + ".unknown", METADATA, version,
                version < 4 ? "{topics: [{name: 'a b'}]}"
                    : "{topics: [{name: 'm-none'}], allowAutoTopicCreation: false}");
        }
        ask("empty", METADATA, 12, "{topics: []}");
        ask("empty.version.0", () -> hasTopic(send(METADATA, 0, "{topics: []}"), "m-one"));
        ask("null", () -> hasTopic(send(METADATA, 12, "{topics: null}"), "m-one"));
        ask("null.version.1", () -> hasTopic(send(METADATA, 1, "{topics: null}"), "m-one"));
        ids(id);
        names();
        autoCreate();
        ask("operations", METADATA, 12,
            "{topics: [{name: 'm-one'}], includeTopicAuthorizedOperations: true}");
        ask("operations.cluster.10", METADATA, 10,
            "{topics: [], includeClusterAuthorizedOperations: true}");
        describePartitions();
    }

    private void ids(Uuid id) {
        ask("byId.12", METADATA, 12, "{topics: [{topicId: '%s', name: null}]}", id);
        ask("byId.13", METADATA, 13, "{topics: [{topicId: '%s', name: null}]}", id);
        ask("byId.withName", METADATA, 12, "{topics: [{topicId: '%s', name: 'm-one'}]}", id);
        ask("byId.withOtherName", METADATA, 12, "{topics: [{topicId: '%s', name: 'm-two'}]}", id);
        ask("byId.unknown", METADATA, 12, "{topics: [{topicId: '%s', name: null}]}",
            new Uuid(3, 4));
        ask("byId.zero", METADATA, 12, "{topics: [{name: null}]}");
        ask("byId.version.10", METADATA, 10, "{topics: [{topicId: '%s', name: 'm-one'}]}", id);
        ask("byId.version.11.noName", METADATA, 11, "{topics: [{topicId: '%s', name: null}]}", id);
        ask("byId.and.byName", METADATA, 12,
            "{topics: [{topicId: '%s', name: null}, {name: 'm-one'}]}", id);
    }

    private void names() {
        String[] names = {"a b", ".", "..", "", "x".repeat(250), "__cluster_metadata"};
        for (String name : names)
            ask("name(" + (name.length() > 20 ? "250" : name) + ")",
                () -> error(send(METADATA, 12, "{topics: [{name: '%s'}]}", name)));
        ask("sameTwice", METADATA, 12, "{topics: [{name: 'm-one'}, {name: 'm-one'}]}");
        ask("goodBesideBad", METADATA, 12, "{topics: [{name: 'm-one'}, {name: 'a b'}]}");
    }

    private void autoCreate() throws Exception {
        ask("autoCreate.first", METADATA, 12,
            "{topics: [{name: 'm-auto'}], allowAutoTopicCreation: true}");
        session.barrier();
        ask("autoCreate.second", METADATA, 12,
            "{topics: [{name: 'm-auto'}], allowAutoTopicCreation: true}");
        ask("autoCreate.version.3", METADATA, 3, "{topics: [{name: 'm-auto3'}]}");
        session.barrier();
        ask("autoCreate.version.3.after", METADATA, 3, "{topics: [{name: 'm-auto3'}]}");
        ask("autoCreate.off", METADATA, 12,
            "{topics: [{name: 'm-off'}], allowAutoTopicCreation: false}");
        session.barrier();
        ask("autoCreate.off.after", METADATA, 12,
            "{topics: [{name: 'm-off'}], allowAutoTopicCreation: false}");
        ask("autoCreate.collision.prepare", METADATA, 12, "{topics: [{name: 'm.col'}]}");
        session.barrier();
        ask("autoCreate.collision", METADATA, 12, "{topics: [{name: 'm_col'}]}");
        ask("autoCreate.byId", METADATA, 12, "{topics: [{topicId: '%s', name: null}]}",
            new Uuid(5, 6));
    }

    private void describePartitions() {
        ask("describePartitions", ApiKeys.DESCRIBE_TOPIC_PARTITIONS, 0,
            "{topics: [{name: 'm-one'}]}");
        ask("describePartitions.unknown", ApiKeys.DESCRIBE_TOPIC_PARTITIONS, 0,
            "{topics: [{name: 'm-none'}]}");
        ask("describePartitions.limit", ApiKeys.DESCRIBE_TOPIC_PARTITIONS, 0,
            "{topics: [{name: 'm-one'}], responsePartitionLimit: 1}");
    }

    private static Object hasTopic(JsonNode answer, String name) {
        for (JsonNode topic : answer.path("topics"))
            if (topic.path("name").asText().equals(name)) return ((ObjectNode) topic).deepCopy();
        return null;
    }
}
