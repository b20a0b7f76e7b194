package reference;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;

/** Every topic configuration: one good value and several bad ones. */
final class TopicConfigs extends Area {
    private static final List<String> NOT_A_LONG = List.of("x", "", "1.5", "99999999999999999999");
    private static final List<String> NOT_AN_INT = List.of("x", "1.5", "2147483648");
    private static final List<String> NOT_A_BOOLEAN = List.of("x", "1");

    private static final Map<String, Values> VALUES = values();
    static final List<String> NAMES = List.copyOf(VALUES.keySet());

    private record Values(String good, List<String> edges, List<String> wrong) {}

    TopicConfigs(Session session) {
        super("topicConfigs", session);
    }

    private static Map<String, Values> values() {
        Map<String, Values> all = new LinkedHashMap<>();
        all.put("cleanup.policy", new Values("compact,delete", List.of("", "delete,delete"),
            List.of("shred")));
        all.put("compression.gzip.level", new Values("9", List.of("-1", "0", "10"), NOT_AN_INT));
        all.put("compression.lz4.level", new Values("9", List.of("0", "1", "17", "18"),
            NOT_AN_INT));
        all.put("compression.type", new Values("zstd", List.of("uncompressed", "producer", "none"),
            List.of("brotli", "GZIP", "")));
        all.put("compression.zstd.level", new Values("3",
            List.of("-131072", "22", "23", "-131073"), NOT_AN_INT));
        all.put("delete.retention.ms", new Values("1000", List.of("0", "-1"), NOT_A_LONG));
        all.put("errors.deadletterqueue.topic.name.enable",
            new Values("true", List.of(), List.of()));
        all.put("file.delete.delay.ms", new Values("1000", List.of("0", "-1"), NOT_A_LONG));
        all.put("flush.messages", new Values("10", List.of("0", "1", "-1"), NOT_A_LONG));
        all.put("flush.ms", new Values("10", List.of("0", "-1"), NOT_A_LONG));
        all.put("follower.replication.throttled.replicas",
            new Values("0:1", List.of("*", "", "0:1,1:1"), List.of("x", "0", "0:x")));
        all.put("index.interval.bytes", new Values("8192", List.of("0", "-1"), NOT_AN_INT));
        all.put("leader.replication.throttled.replicas",
            new Values("0:1", List.of("*", "", "0:1,1:1"), List.of("x", "0", "0:x")));
        all.put("local.retention.bytes", new Values("-2", List.of("-3", "0", "1000"), NOT_A_LONG));
        all.put("local.retention.ms", new Values("-2", List.of("-3", "0", "1000"), NOT_A_LONG));
        all.put("max.compaction.lag.ms", new Values("1000", List.of("0", "1", "-1"), NOT_A_LONG));
        all.put("max.message.bytes", new Values("2000", List.of("0", "-1"), NOT_AN_INT));
        all.put("message.timestamp.after.max.ms",
            new Values("1000", List.of("0", "-1"), NOT_A_LONG));
        all.put("message.timestamp.before.max.ms",
            new Values("1000", List.of("0", "-1"), NOT_A_LONG));
        all.put("message.timestamp.type", new Values("LogAppendTime", List.of("CreateTime"),
            List.of("createtime", "")));
        all.put("min.cleanable.dirty.ratio", new Values("0.2", List.of("0", "1", "1.1", "-0.1"),
            List.of("x", "")));
        all.put("min.compaction.lag.ms", new Values("1000", List.of("0", "-1"), NOT_A_LONG));
        all.put("min.insync.replicas", new Values("1", List.of("0", "2", "-1"), NOT_AN_INT));
        all.put("preallocate", new Values("true", List.of("TRUE"), NOT_A_BOOLEAN));
        all.put("remote.copy.disable", new Values("false", List.of("true"), NOT_A_BOOLEAN));
        all.put("remote.log.copy.disable", new Values("false", List.of("true"), NOT_A_BOOLEAN));
        all.put("remote.log.delete.on.disable",
            new Values("false", List.of("true"), NOT_A_BOOLEAN));
        all.put("remote.storage.enable", new Values("false", List.of("true"), NOT_A_BOOLEAN));
        all.put("retention.bytes", new Values("100000", List.of("-1", "0", "-2"), NOT_A_LONG));
        all.put("retention.ms", new Values("100000", List.of("-1", "0", "-2"), NOT_A_LONG));
        all.put("segment.bytes", new Values("2000000", List.of("1048575", "1048576", "14", "0"),
            NOT_AN_INT));
        all.put("segment.index.bytes", new Values("100000", List.of("3", "4", "0"), NOT_AN_INT));
        all.put("segment.jitter.ms", new Values("10", List.of("0", "-1"), NOT_A_LONG));
        all.put("segment.ms", new Values("10000", List.of("1", "0", "-1"), NOT_A_LONG));
        all.put("unclean.leader.election.enable",
            new Values("true", List.of("false"), NOT_A_BOOLEAN));
        return all;
    }

    @Override
    void run() throws Exception {
        topic("tc-all", 1);
        VALUES.forEach(this::each);
        combinations();
    }

    private void each(String config, Values values) {
        set(config + ".good", config, values.good);
        ask(config + ".good.after", () -> after(config));
        for (String value : values.edges) set(config + ".edge(" + value + ")", config, value);
        for (String value : values.wrong) set(config + ".wrong(" + value + ")", config, value);
        change(config + ".delete", config, null, AlterConfigOp.OpType.DELETE);
    }

    private void set(String question, String config, String value) {
        change(question, config, value, AlterConfigOp.OpType.SET);
    }

    private void change(String question, String config, String value, AlterConfigOp.OpType type) {
        ConfigResource resource = Configs.topicResource("tc-all");
        AlterConfigOp op = new AlterConfigOp(new ConfigEntry(config, value), type);
        ask(question, () ->
            admin.incrementalAlterConfigs(Map.of(resource, List.of(op))).values().get(resource)
                .get());
    }

    private Object after(String config) throws Exception {
        session.barrier();
        ConfigResource resource = Configs.topicResource("tc-all");
        ConfigEntry entry = admin.describeConfigs(List.of(resource)).all().get().get(resource)
            .get(config);
        return entry == null ? null : entry.source() + " " + entry.value();
    }

    /** Values that are good alone and bad together. */
    private void combinations() {
        together("minLagAboveMaxLag", Map.of("min.compaction.lag.ms", "2000",
            "max.compaction.lag.ms", "1000"));
        together("localRetentionAboveRetention",
            Map.of("retention.ms", "1000", "local.retention.ms", "2000"));
        together("remoteStorage.compact", Map.of("remote.storage.enable", "true", "cleanup.policy",
            "compact"));
        together("segmentAboveRetention", Map.of("segment.ms", "10000", "retention.ms", "1000"));
        together("segmentBelowMessage", Map.of("segment.bytes", "1048576", "max.message.bytes",
            "5000000"));
    }

    private void together(String what, Map<String, String> configs) {
        ConfigResource resource = Configs.topicResource("tc-all");
        List<AlterConfigOp> ops = configs.entrySet().stream()
            .map(e -> new AlterConfigOp(new ConfigEntry(e.getKey(), e.getValue()),
                AlterConfigOp.OpType.SET))
            .toList();
        ask("together." + what, () ->
            admin.incrementalAlterConfigs(Map.of(resource, ops)).values().get(resource).get());
    }
}
