package reference;

import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.APPEND;
import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.DELETE;
import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.SET;
import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.SUBTRACT;
import static org.apache.kafka.common.protocol.ApiKeys.ALTER_CONFIGS;
import static org.apache.kafka.common.protocol.ApiKeys.DESCRIBE_CONFIGS;
import static org.apache.kafka.common.protocol.ApiKeys.INCREMENTAL_ALTER_CONFIGS;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;

/** DescribeConfigs, IncrementalAlterConfigs and AlterConfigs, on all kinds of resources. */
final class Configs extends Area {
    private static final List<String> BROKER = List.of("advertised.listeners",
        "auto.create.topics.enable", "broker.id", "compression.type", "connections.max.idle.ms",
        "default.replication.factor", "delete.topic.enable", "fetch.max.bytes",
        "group.consumer.heartbeat.interval.ms", "group.consumer.session.timeout.ms",
        "group.initial.rebalance.delay.ms", "group.max.session.timeout.ms", "group.max.size",
        "group.min.session.timeout.ms", "log.cleaner.delete.retention.ms", "log.cleanup.policy",
        "log.flush.interval.messages", "log.flush.interval.ms", "log.index.interval.bytes",
        "log.message.timestamp.after.max.ms", "log.message.timestamp.before.max.ms",
        "log.message.timestamp.type", "log.retention.bytes", "log.retention.check.interval.ms",
        "log.retention.hours", "log.retention.minutes", "log.retention.ms", "log.roll.hours",
        "log.roll.ms", "log.segment.bytes", "log.segment.delete.delay.ms",
        "max.connections", "max.connections.per.ip", "max.incremental.fetch.session.cache.slots",
        "message.max.bytes", "metadata.log.dir", "min.insync.replicas", "node.id", "num.io.threads",
        "num.network.threads", "num.partitions", "offset.metadata.max.bytes",
        "offsets.retention.minutes", "offsets.topic.num.partitions", "process.roles",
        "producer.id.expiration.ms", "queued.max.requests", "sasl.enabled.mechanisms",
        "socket.request.max.bytes", "ssl.keystore.password", "transaction.max.timeout.ms",
        "transactional.id.expiration.ms", "unclean.leader.election.enable");

    private ConfigResource broker;

    Configs(Session session) {
        super("configs", session);
    }

    @Override
    void run() throws Exception {
        int node = admin.describeCluster().nodes().get().iterator().next().id();
        broker = new ConfigResource(Type.BROKER, Integer.toString(node));
        topic("c-plain", 1);
        describeTopic();
        describeBroker();
        describeOther();
        incremental();
        brokerChanges();
        legacy();
    }

    static ConfigResource topicResource(String name) {
        return new ConfigResource(Type.TOPIC, name);
    }

    private Config described(ConfigResource resource) throws Exception {
        DescribeConfigsOptions all =
            new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
        return admin.describeConfigs(List.of(resource), all).values().get(resource).get();
    }

    static Object shape(ConfigEntry entry) {
        if (entry == null) return null;
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("value", entry.value());
        answer.put("source", entry.source().name());
        answer.put("isDefault", entry.isDefault());
        answer.put("isReadOnly", entry.isReadOnly());
        answer.put("isSensitive", entry.isSensitive());
        answer.put("type", entry.type().name());
        answer.put("synonyms", entry.synonyms().stream()
            .map(s -> s.source() + " " + s.name() + "=" + s.value()).toList());
        answer.put("documented", entry.documentation() != null && !entry.documentation().isEmpty());
        return answer;
    }

    private void describeTopic() throws Exception {
        ConfigResource plain = topicResource("c-plain");
        ask("topic.names", () -> {
            TreeSet<String> names = new TreeSet<>();
            described(plain).entries().forEach(entry -> names.add(entry.name()));
            return names;
        });
        topic("c-fresh", 1, "retention.ms", "604800000", "cleanup.policy", "compact");
        for (String config : TopicConfigs.NAMES) {
            ask("topic.default." + config, () -> shape(described(plain).get(config)));
        }
        ask("topic.setToDefault", () -> shape(described(topicResource("c-fresh"))
            .get("retention.ms")));
        ask("topic.set", () -> shape(described(topicResource("c-fresh")).get("cleanup.policy")));
        ask("topic.unknown", () -> described(topicResource("c-none")).entries().size());
        ask("topic.badName", () -> described(topicResource("a b")).entries().size());
        ask("topic.empty", () -> described(topicResource("")).entries().size());
        ask("topic.internal", () -> shape(described(topicResource("__consumer_offsets"))
            .get("cleanup.policy")));
    }

    private void describeBroker() {
        for (String config : BROKER) {
            ask("broker." + config, () -> {
                ConfigEntry entry = described(broker).get(config);
                Object shape = shape(entry);
                boolean local = List.of("advertised.listeners", "metadata.log.dir")
                    .contains(config);
                return local && entry != null ? entry.isReadOnly() : shape;
            });
        }
        ask("broker.unknown", DESCRIBE_CONFIGS, 4,
            "{resources: [{resourceType: 4, resourceName: '77', configurationKeys: null}]}");
        ask("broker.notANumber", () -> described(new ConfigResource(Type.BROKER, "x")).entries()
            .size());
        ask("broker.default", () -> described(new ConfigResource(Type.BROKER, "")).entries()
            .size());
        ask("logger", () -> described(new ConfigResource(Type.BROKER_LOGGER, broker.name()))
            .entries().isEmpty());
    }

    private void describeOther() {
        for (int type : new int[] {0, 1, 3, 16, 32, 64, 127})
            ask("describe.type." + type, DESCRIBE_CONFIGS, 4,
                "{resources: [{resourceType: %d, resourceName: 'x', configurationKeys: null}]}",
                    type);
        ask("describe.oneKey", DESCRIBE_CONFIGS, 4, """
            {resources: [{resourceType: 2, resourceName: 'c-plain',
              configurationKeys: ['retention.bytes']}]}""");
        ask("describe.unknownKey", DESCRIBE_CONFIGS, 4, """
            {resources: [{resourceType: 2, resourceName: 'c-plain',
              configurationKeys: ['no.such']}]}""");
        ask("describe.noKeys", DESCRIBE_CONFIGS, 4, """
            {resources: [{resourceType: 2, resourceName: 'c-plain', configurationKeys: []}]}""");
        ask("describe.none", DESCRIBE_CONFIGS, 4, "{resources: []}");
        ask("describe.sameTwice", DESCRIBE_CONFIGS, 4, """
            {resources: [{resourceType: 2, resourceName: 'c-plain',
              configurationKeys: ['segment.ms']},
              {resourceType: 2, resourceName: 'c-plain',
                configurationKeys: ['segment.bytes']}]}""");
        for (int version = 1; version <= 3; version++)
            ask("describe.version." + version, DESCRIBE_CONFIGS, version, """
                {resources: [{resourceType: 2, resourceName: 'c-plain',
                  configurationKeys: ['retention.ms']}], includeSynonyms: true}""");
    }

    private void change(String question, String topic, AlterConfigOp... changes) throws Exception {
        ConfigResource resource = topicResource(topic);
        ask(question, () -> admin.incrementalAlterConfigs(Map.of(resource, List.of(changes)))
            .values().get(resource).get());
    }

    private static AlterConfigOp op(AlterConfigOp.OpType type, String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), type);
    }

    private void after(String question, String topic, String config) throws Exception {
        session.barrier();
        ask(question, () -> shape(described(topicResource(topic)).get(config)));
    }

    private void incremental() throws Exception {
        topic("c-inc", 1);
        change("incremental.set", "c-inc", op(SET, "segment.bytes", "2000000"));
        after("incremental.set.after", "c-inc", "segment.bytes");
        change("incremental.delete", "c-inc", op(DELETE, "segment.bytes", null));
        after("incremental.delete.after", "c-inc", "segment.bytes");
        change("incremental.delete.unset", "c-inc", op(DELETE, "segment.bytes", null));
        change("incremental.delete.unknown", "c-inc", op(DELETE, "no.such", null));
        change("incremental.append", "c-inc", op(APPEND, "cleanup.policy", "compact"));
        after("incremental.append.after", "c-inc", "cleanup.policy");
        change("incremental.append.again", "c-inc", op(APPEND, "cleanup.policy", "compact"));
        change("incremental.subtract", "c-inc", op(SUBTRACT, "cleanup.policy", "delete"));
        after("incremental.subtract.after", "c-inc", "cleanup.policy");
        change("incremental.subtract.absent", "c-inc", op(SUBTRACT, "cleanup.policy", "delete"));
        change("incremental.subtract.last", "c-inc", op(SUBTRACT, "cleanup.policy", "compact"));
        after("incremental.subtract.last.after", "c-inc", "cleanup.policy");
        change("incremental.append.notAList", "c-inc", op(APPEND, "retention.ms", "1"));
        change("incremental.subtract.notAList", "c-inc", op(SUBTRACT, "retention.ms", "1"));
        change("incremental.append.bad", "c-inc", op(APPEND, "cleanup.policy", "shred"));
        change("incremental.set.unknown", "c-inc", op(SET, "no.such", "1"));
        change("incremental.set.null", "c-inc", op(SET, "retention.ms", null));
        change("incremental.none", "c-inc");
        change("incremental.unknownTopic", "c-none", op(SET, "retention.ms", "1"));
        change("incremental.badTopic", "a b", op(SET, "retention.ms", "1"));
        change("incremental.oneBadOfTwo", "c-inc", op(SET, "segment.ms", "1000"),
            op(SET, "segment.bytes", "x"));
        after("incremental.oneBadOfTwo.after", "c-inc", "segment.ms");
        change("incremental.sameTwice", "c-inc", op(SET, "segment.ms", "1000"),
            op(SET, "segment.ms", "2000"));
        ConfigResource resource = topicResource("c-inc");
        AlterConfigsOptions dry = new AlterConfigsOptions().validateOnly(true);
        ask("incremental.validateOnly", () -> admin.incrementalAlterConfigs(
            Map.of(resource, List.of(op(SET, "segment.ms", "4000"))), dry).values().get(resource)
                .get());
        ask("incremental.validateOnly.bad", () -> admin.incrementalAlterConfigs(
            Map.of(resource, List.of(op(SET, "segment.ms", "x"))), dry).values().get(resource)
                .get());
        after("incremental.validateOnly.after", "c-inc", "segment.ms");
        ask("incremental.goodBesideBad", INCREMENTAL_ALTER_CONFIGS, 1, """
            {resources: [
              {resourceType: 2, resourceName: 'c-inc',
                configs: [{name: 'retention.ms', value: '5000'}]},
              {resourceType: 2, resourceName: 'c-none',
                configs: [{name: 'retention.ms', value: '5'}]}]}""");
        after("incremental.goodBesideBad.after", "c-inc", "retention.ms");
        ask("incremental.sameResourceTwice", INCREMENTAL_ALTER_CONFIGS, 1, """
            {resources: [
              {resourceType: 2, resourceName: 'c-inc',
                configs: [{name: 'retention.ms', value: '6000'}]},
              {resourceType: 2, resourceName: 'c-inc',
                configs: [{name: 'segment.ms', value: '7000'}]}]}""");
        ask("incremental.unknownOperation", INCREMENTAL_ALTER_CONFIGS, 1, """
            {resources: [{resourceType: 2, resourceName: 'c-inc', configs: [
              {name: 'retention.ms', configOperation: 9, value: '6000'}]}]}""");
        for (int type : new int[] {0, 1, 3, 127})
            ask("incremental.type." + type, INCREMENTAL_ALTER_CONFIGS, 1, """
                {resources: [{resourceType: %d, resourceName: 'x', configs: [
                  {name: 'retention.ms', value: '6000'}]}]}""", type);
    }

    private void brokerChange(String question, ConfigResource resource, AlterConfigOp change) {
        ask(question, () -> admin.incrementalAlterConfigs(Map.of(resource, List.of(change)))
            .values().get(resource).get());
    }

    private void brokerChanges() throws Exception {
        ConfigResource all = new ConfigResource(Type.BROKER, "");
        brokerChange("broker.set.readOnly", broker, op(SET, "num.partitions", "3"));
        brokerChange("broker.set.autoCreate", broker,
            op(SET, "auto.create.topics.enable", "false"));
        brokerChange("broker.set.unknown", broker, op(SET, "no.such", "3"));
        brokerChange("broker.set.bad", broker, op(SET, "message.max.bytes", "x"));
        brokerChange("broker.set.clusterWideOnly", broker,
            op(SET, "max.connections.per.ip", "1000"));
        brokerChange("broker.set.dynamic", all, op(SET, "log.segment.bytes", "500000000"));
        session.barrier();
        ask("broker.set.dynamic.broker", () -> shape(described(broker).get("log.segment.bytes")));
        after("broker.set.dynamic.topic", "c-plain", "segment.bytes");
        ask("broker.set.dynamic.default", () -> shape(described(all).get("log.segment.bytes")));
        brokerChange("broker.delete.dynamic", all, op(DELETE, "log.segment.bytes", null));
        session.barrier();
        after("broker.delete.dynamic.topic", "c-plain", "segment.bytes");
        ask("broker.other", INCREMENTAL_ALTER_CONFIGS, 1, """
            {resources: [{resourceType: 4, resourceName: '77', configs: [
              {name: 'log.segment.bytes', value: '5000000'}]}]}""");
        brokerChange("broker.set.notANumber", new ConfigResource(Type.BROKER, "x"),
            op(SET, "log.segment.bytes", "5000000"));
    }

    private void legacy() throws Exception {
        topic("c-old", 1, "segment.ms", "60000");
        ask("legacy.set", ALTER_CONFIGS, 2, """
            {resources: [{resourceType: 2, resourceName: 'c-old', configs: [
              {name: 'retention.ms', value: '5000'}]}]}""");
        after("legacy.set.after", "c-old", "retention.ms");
        after("legacy.set.others", "c-old", "segment.ms");
        ask("legacy.bad", ALTER_CONFIGS, 2, """
            {resources: [{resourceType: 2, resourceName: 'c-old', configs: [
              {name: 'retention.ms', value: 'x'}]}]}""");
        ask("legacy.unknown", ALTER_CONFIGS, 2, """
            {resources: [{resourceType: 2, resourceName: 'c-old',
              configs: [{name: 'no', value: 'x'}]}]}""");
        ask("legacy.null", ALTER_CONFIGS, 2, """
            {resources: [{resourceType: 2, resourceName: 'c-old', configs: [
              {name: 'retention.ms', value: null}]}]}""");
        ask("legacy.unknownTopic", ALTER_CONFIGS, 2, """
            {resources: [{resourceType: 2, resourceName: 'c-none', configs: [
              {name: 'retention.ms', value: '5000'}]}]}""");
        ask("legacy.validateOnly", ALTER_CONFIGS, 2, """
            {validateOnly: true, resources: [{resourceType: 2, resourceName: 'c-old',
              configs: []}]}""");
        after("legacy.validateOnly.after", "c-old", "retention.ms");
        ask("legacy.nothing", ALTER_CONFIGS, 2, """
            {resources: [{resourceType: 2, resourceName: 'c-old', configs: []}]}""");
        after("legacy.nothing.after", "c-old", "retention.ms");
        ask("legacy.type.unknown", ALTER_CONFIGS, 2, """
            {resources: [{resourceType: 99, resourceName: 'x', configs: []}]}""");
    }
}
