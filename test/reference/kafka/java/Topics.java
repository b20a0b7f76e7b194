package reference;

import static org.apache.kafka.common.protocol.ApiKeys.CREATE_TOPICS;
import static org.apache.kafka.common.protocol.ApiKeys.DELETE_TOPICS;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.TopicListing;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;

/** CreateTopics, DeleteTopics, DescribeTopics, ListTopics: names, counts, assignments, configs. */
final class Topics extends Area {
    private static final int DEFAULT = -1;

    Topics(Session session) {
        super("topics", session);
    }

    @Override
    void run() throws Exception {
        counts();
        names();
        assignments();
        configs();
        requests();
        describe();
        delete();
    }

    private void counts() {
        create("create.defaults", new NewTopic("t-defaults", DEFAULT, (short) DEFAULT));
        create("create.one", new NewTopic("t-one", 1, (short) 1));
        create("create.many", new NewTopic("t-many", 12, (short) 1));
        create("create.existing", new NewTopic("t-one", 1, (short) 1));
        create("create.existing.other", new NewTopic("t-one", 5, (short) 1));
        create("create.partitions.zero", new NewTopic("t-bad", 0, (short) 1));
        create("create.partitions.minus2", new NewTopic("t-bad", -2, (short) 1));
        create("create.partitions.tooMany", new NewTopic("t-bad", 10_001, (short) 1));
        create("create.replication.zero", new NewTopic("t-bad", 1, (short) 0));
        create("create.replication.minus2", new NewTopic("t-bad", 1, (short) -2));
        create("create.replication.three", new NewTopic("t-bad", 1, (short) 3));
        CreateTopicsOptions dry = new CreateTopicsOptions().validateOnly(true);
        ask("create.validateOnly", () -> created(List.of(new NewTopic("t-dry", 3, (short) 1)),
            dry));
        ask("create.validateOnly.existing", () ->
            created(List.of(new NewTopic("t-one", 1, (short) 1)), dry));
        ask("create.validateOnly.bad", () -> created(List.of(new NewTopic("t-dry", 0, (short) 1)),
            dry));
        ask("create.validateOnly.isNotCreated", () -> {
            session.barrier();
            return admin.describeTopics(List.of("t-dry")).topicNameValues().get("t-dry").get();
        });
    }

    private void names() {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("space", "a b");
        names.put("dot", ".");
        names.put("dots", "..");
        names.put("three dots", "...");
        names.put("empty", "");
        names.put("249", "n".repeat(249));
        names.put("250", "n".repeat(250));
        names.put("slash", "a/b");
        names.put("colon", "a:b");
        names.put("umlaut", "ä");
        names.put("newline", "a\nb");
        names.put("nul", "a\0b");
        names.put("capitals", "T-ONE");
        names.put("minus", "-");
        names.put("underscores", "__t-under");
        names.put("offsets", "__consumer_offsets");
        names.put("transactions", "__transaction_state");
        names.put("metadata", "__cluster_metadata");
        names.put("shares", "__share_group_state");
        names.put("collision.first", "t.col_a");
        names.put("collision.second", "t_col.a");
        names.put("collision.third", "t_col_a");
        names.forEach((what, name) -> create("create.name." + what,
            new NewTopic(name, 1, (short) 1)));
    }

    private void assignments() {
        assign("good", Map.of(0, List.of(1), 1, List.of(1)));
        assign("unknownBroker", Map.of(0, List.of(7)));
        assign("negativeBroker", Map.of(0, List.of(-1)));
        assign("twice", Map.of(0, List.of(1, 1)));
        assign("noReplicas", Map.of(0, List.of()));
        assign("gap", Map.of(0, List.of(1), 2, List.of(1)));
        assign("notFromZero", Map.of(1, List.of(1)));
        assign("uneven", Map.of(0, List.of(1), 1, List.of(1, 2)));
        assign("negativePartition", Map.of(-1, List.of(1)));
        assign("empty", Map.of());
        ask("create.assignment.and.partitions", CREATE_TOPICS, 7, """
            {topics: [{name: 't-assign-both', numPartitions: 1, replicationFactor: -1,
              assignments: [{partitionIndex: 0, brokerIds: [1]}]}], timeoutMs: 5000}""");
        ask("create.assignment.and.replication", CREATE_TOPICS, 7, """
            {topics: [{name: 't-assign-both', numPartitions: -1, replicationFactor: 1,
              assignments: [{partitionIndex: 0, brokerIds: [1]}]}], timeoutMs: 5000}""");
        ask("create.assignment.repeated", CREATE_TOPICS, 7, """
            {topics: [{name: 't-assign-rep', numPartitions: -1, replicationFactor: -1,
              assignments: [{partitionIndex: 0, brokerIds: [1]},
                {partitionIndex: 0, brokerIds: [1]}]}],
              timeoutMs: 5000}""");
    }

    private void assign(String what, Map<Integer, List<Integer>> replicas) {
        create("create.assignment." + what, new NewTopic("t-assign-" + what, replicas));
    }

    private void configs() {
        config("good", Map.of("retention.ms", "1000", "cleanup.policy", "compact"));
        config("unknown", Map.of("no.such.config", "1"));
        config("oneBadOfTwo", Map.of("retention.ms", "1000", "segment.bytes", "x"));
        config("notANumber", Map.of("retention.ms", "soon"));
        config("outOfRange", Map.of("retention.ms", "-2"));
        config("unknownEnum", Map.of("cleanup.policy", "shred"));
        config("emptyValue", Map.of("retention.ms", ""));
        config("spaces", Map.of("retention.ms", " 1000 "));
        config("listWithSpaces", Map.of("cleanup.policy", "compact, delete"));
        config("boolean.upperCase", Map.of("preallocate", "TRUE"));
        config("boolean.bad", Map.of("preallocate", "yes"));
        config("brokerName", Map.of("log.retention.ms", "1000"));
        config("nullValue", new TreeMap<>() {{
                put("retention.ms", null);
            }});
        ask("create.config.twice", CREATE_TOPICS, 7, """
            {topics: [{name: 't-config-twice', numPartitions: 1, replicationFactor: 1, configs: [
              {name: 'retention.ms', value: '1000'}, {name: 'retention.ms', value: '2000'}]}],
              timeoutMs: 5000}""");
    }

    private void config(String what, Map<String, String> configs) {
        create("create.config." + what, new NewTopic("t-config-" + what, 1, (short) 1)
            .configs(configs));
    }

    private void requests() {
        ask("create.sameNameTwice", CREATE_TOPICS, 7, """
            {topics: [{name: 't-twice', numPartitions: 1, replicationFactor: 1},
              {name: 't-twice', numPartitions: 2, replicationFactor: 1},
              {name: 't-beside-twice', numPartitions: 1, replicationFactor: 1}],
                timeoutMs: 5000}""");
        ask("create.goodBesideBad", () -> created(List.of(new NewTopic("t-beside-good", 1,
            (short) 1),
            new NewTopic("t beside bad", 1, (short) 1)), new CreateTopicsOptions()));
        ask("create.none", CREATE_TOPICS, 7, "{topics: [], timeoutMs: 5000}");
        for (int version : new int[] {2, 3, 4, 5, 6})
            ask("create.version." + version, CREATE_TOPICS, version, """
                {topics: [{name: 't-version-%d', numPartitions: 1, replicationFactor: 1}],
                  timeoutMs: 5000}
                """, version);
        ask("create.version.3.defaults", CREATE_TOPICS, 3, """
            {topics: [{name: 't-v3', numPartitions: -1, replicationFactor: -1}],
              timeoutMs: 5000}""");
        ask("create.version.4.defaults", CREATE_TOPICS, 4, """
            {topics: [{name: 't-v4', numPartitions: -1, replicationFactor: -1}],
              timeoutMs: 5000}""");
        ask("create.timeout.zero", CREATE_TOPICS, 7, """
            {topics: [{name: 't-in-no-time', numPartitions: 0, replicationFactor: 1}],
              timeoutMs: 0}""");
    }

    private void create(String question, NewTopic topic) {
        ask(question, () -> created(List.of(topic), new CreateTopicsOptions()));
    }

    private Object created(List<NewTopic> topics, CreateTopicsOptions options) throws Exception {
        CreateTopicsResult result = admin.createTopics(topics, options);
        Map<String, Object> answer = new TreeMap<>();
        for (String topic : result.values().keySet()) answer.put(topic, created(result, topic));
        return answer;
    }

    private static Object created(CreateTopicsResult result, String topic) throws Exception {
        try {
            result.values().get(topic).get();
        } catch (ExecutionException e) {
            return Answers.failure(e);
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("topicId", result.topicId(topic).get().toString());
        answer.put("partitions", result.numPartitions(topic).get());
        answer.put("replicationFactor", result.replicationFactor(topic).get());
        Map<String, String> set = new TreeMap<>();
        result.config(topic).get().entries().forEach(entry -> {
            if (!entry.isDefault()) set.put(entry.name(), entry.source() + " " + entry.value());
        });
        answer.put("configCount", result.config(topic).get().entries().size());
        answer.put("configs", set);
        return answer;
    }

    private void describe() throws Exception {
        session.barrier();
        ask("describe.byName", () -> described("t-many"));
        ask("describe.assigned", () -> described("t-assign-good"));
        ask("describe.internal", () -> described("__consumer_offsets").get("internal"));
        ask("describe.unknown", () -> described("t-nowhere"));
        ask("describe.badName", () -> described("a b"));
        ask("describe.empty", () -> described(""));
        Uuid id = admin.describeTopics(List.of("t-one")).allTopicNames().get().get("t-one")
            .topicId();
        ask("describe.byId", () -> describedById(id));
        ask("describe.byId.unknown", () -> describedById(new Uuid(1, 2)));
        ask("describe.byId.zero", () -> describedById(Uuid.ZERO_UUID));
        ask("list", () -> listed(false));
        ask("list.internal", () -> listed(true));
    }

    private Map<String, Object> described(String name) throws Exception {
        return shape(admin.describeTopics(List.of(name)).topicNameValues().get(name).get());
    }

    private Map<String, Object> describedById(Uuid id) throws Exception {
        TopicCollection ids = TopicCollection.ofTopicIds(List.of(id));
        return shape(admin.describeTopics(ids).topicIdValues().get(id).get());
    }

    private static Map<String, Object> shape(TopicDescription topic) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("name", topic.name());
        answer.put("topicId", topic.topicId().toString());
        answer.put("internal", topic.isInternal());
        answer.put("operations", String.valueOf(topic.authorizedOperations()));
        List<Object> partitions = new ArrayList<>();
        for (TopicPartitionInfo p : topic.partitions())
            partitions.add(new TreeMap<>(Map.of("partition", p.partition(), "leader", p.leader()
                .id(),
                "replicas", p.replicas().stream().map(n -> n.id()).toList(),
                "isr", p.isr().stream().map(n -> n.id()).toList(),
                "elr", String.valueOf(p.elr()), "lastKnownElr", String.valueOf(p.lastKnownElr()))));
        answer.put("partitions", partitions);
        return answer;
    }

    private Object listed(boolean internal) throws Exception {
        Map<String, Boolean> answer = new TreeMap<>();
        ListTopicsOptions options = new ListTopicsOptions().listInternal(internal);
        for (TopicListing topic : admin.listTopics(options).listings().get())
            if (!topic.topicId().equals(Uuid.ZERO_UUID)) answer.put(topic.name(),
                topic.isInternal());
        answer.keySet().removeIf(name -> !name.startsWith("t-") && !name.startsWith("__"));
        return answer;
    }

    private void delete() throws Exception {
        Uuid one = admin.describeTopics(List.of("t-one")).allTopicNames().get().get("t-one")
            .topicId();
        Uuid many = admin.describeTopics(List.of("t-many")).allTopicNames().get().get("t-many")
            .topicId();
        deleteByName("delete.byName", "t-one");
        session.barrier();
        deleteByName("delete.again", "t-one");
        deleteByName("delete.unknown", "t-nowhere");
        deleteByName("delete.badName", "a b");
        deleteByName("delete.empty", "");
        deleteById("delete.byId", many);
        session.barrier();
        deleteById("delete.byId.again", many);
        deleteById("delete.byId.unknown", new Uuid(1, 2));
        deleteById("delete.byId.zero", Uuid.ZERO_UUID);
        ask("delete.byNameAndId", DELETE_TOPICS, 6,
            "{topics: [{name: 't-defaults', topicId: '%s'}], timeoutMs: 5000}", one);
        ask("delete.byNoNameNoId", DELETE_TOPICS, 6, "{topics: [{name: null}], timeoutMs: 5000}");
        ask("delete.sameTwice", DELETE_TOPICS, 6,
            "{topics: [{name: 't-defaults'}, {name: 't-defaults'}], timeoutMs: 5000}");
        for (int version : new int[] {1, 3, 4, 5})
            ask("delete.version." + version, DELETE_TOPICS, version,
                "{topicNames: ['t-nowhere', 't-version-%d'], timeoutMs: 5000}",
                    Math.max(2, version));
        ask("delete.none", DELETE_TOPICS, 6, "{topics: [], timeoutMs: 5000}");
        session.barrier();
        ask("delete.describe", () -> described("t-many"));
        create("create.again", new NewTopic("t-one", 2, (short) 1));
        session.barrier();
        ask("create.again.hasNewId", () -> !one.equals(
            admin.describeTopics(List.of("t-one")).allTopicNames().get().get("t-one").topicId()));
    }

    private void deleteByName(String question, String name) {
        ask(question, () -> admin.deleteTopics(List.of(name)).topicNameValues().get(name).get());
    }

    private void deleteById(String question, Uuid id) {
        ask(question, () -> admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id)))
            .topicIdValues().get(id).get());
    }
}
