package reference;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Groups of real consumers as the Admin client sees them. */
final class Groups extends Area {
    private static final TopicPartition ONE = new TopicPartition("g-one", 0);

    Groups(Session session) {
        super("groups", session);
    }

    @Override
    void run() throws Exception {
        topic("g-one", 2);
        ask("unknown", () -> described("g-none"));
        ask("unknown.classic", () -> admin.describeClassicGroups(List.of("g-none"))
            .describedGroups().get("g-none").get().state());
        ask("emptyName", () -> described(""));
        try (Consumer<String, String> consumer = consumer("g-active", "range", null)) {
            stable(consumer);
        }
        left();
        try (Consumer<String, String> consumer =
            consumer("g-static", "cooperative-sticky", "desk")) {
            poll(consumer);
            ask("static.describe", () -> described("g-static"));
            removal();
        }
    }

    private Consumer<String, String> consumer(String group, String assignor, String instance) {
        Properties properties = Session.client(session.bootstrap);
        properties.put("group.id", group);
        properties.put("client.id", "client-" + group);
        properties.put("enable.auto.commit", "false");
        properties.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer."
            + (assignor.equals("range") ? "RangeAssignor" : "CooperativeStickyAssignor"));
        if (instance != null) properties.put("group.instance.id", instance);
        return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    private static void poll(Consumer<String, String> consumer) {
        consumer.subscribe(List.of("g-one"));
        for (int i = 0; i < 100 && consumer.assignment()
            .isEmpty(); i++) consumer.poll(Duration.ofMillis(100));
    }

    private void stable(Consumer<String, String> consumer) {
        poll(consumer);
        consumer.commitSync(Map.of(ONE, new OffsetAndMetadata(0, "m")));
        ask("stable.describe", () -> described("g-active"));
        ask("stable.list", () -> listed(new ListGroupsOptions()));
        ask("stable.list.stable", () -> listed(new ListGroupsOptions()
            .inGroupStates(Set.of(GroupState.STABLE))));
        ask("stable.list.empty", () -> listed(new ListGroupsOptions()
            .inGroupStates(Set.of(GroupState.EMPTY))));
        ask("stable.list.classic", () -> listed(new ListGroupsOptions()
            .withTypes(Set.of(GroupType.CLASSIC))));
        ask("stable.list.consumer", () -> listed(new ListGroupsOptions()
            .withTypes(Set.of(GroupType.CONSUMER))));
        ask("stable.list.consumers", () -> listed(ListGroupsOptions.forConsumerGroups()));
        ask("stable.alterOffsets", () -> admin.alterConsumerGroupOffsets("g-active",
            Map.of(ONE, new OffsetAndMetadata(1))).partitionResult(ONE).get());
        ask("stable.deleteOffsets", () ->
            admin.deleteConsumerGroupOffsets("g-active", Set.of(ONE)).partitionResult(ONE).get());
        TopicPartition other = new TopicPartition("barrier", 0);
        ask("stable.deleteOffsets.otherTopic", () ->
            admin.deleteConsumerGroupOffsets("g-active", Set.of(other)).partitionResult(other)
                .get());
        ask("stable.delete", () ->
            admin.deleteConsumerGroups(List.of("g-active")).deletedGroups().get("g-active").get());
        ask("stable.remove.unknownInstance", () -> remove("g-active", "nobody"));
    }

    private void left() {
        ask("empty.describe", () -> described("g-active"));
        ask("empty.list", () -> listed(new ListGroupsOptions()
            .inGroupStates(Set.of(GroupState.EMPTY))));
        ask("empty.alterOffsets", () -> admin.alterConsumerGroupOffsets("g-active",
            Map.of(ONE, new OffsetAndMetadata(1))).partitionResult(ONE).get());
        ask("empty.deleteOffsets", () ->
            admin.deleteConsumerGroupOffsets("g-active", Set.of(ONE)).partitionResult(ONE).get());
        ask("empty.remove.all", () -> admin.removeMembersFromConsumerGroup("g-active",
            new RemoveMembersFromConsumerGroupOptions()).all().get());
        ask("empty.delete", () ->
            admin.deleteConsumerGroups(List.of("g-active")).deletedGroups().get("g-active").get());
        ask("deleted.describe", () -> described("g-active"));
    }

    private void removal() {
        ask("remove.unknownInstance", () -> remove("g-static", "nobody"));
        ask("remove.unknownGroup", () -> remove("g-none", "desk"));
        ask("remove.instance", () -> remove("g-static", "desk"));
        ask("remove.after", () -> described("g-static"));
        ask("remove.again", () -> remove("g-static", "desk"));
    }

    private Object remove(String group, String instance) throws Exception {
        MemberToRemove member = new MemberToRemove(instance);
        return admin.removeMembersFromConsumerGroup(group,
            new RemoveMembersFromConsumerGroupOptions(Set.of(member))).memberResult(member).get();
    }

    private Object described(String group) throws Exception {
        ConsumerGroupDescription d =
            admin.describeConsumerGroups(List.of(group)).describedGroups().get(group).get();
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("state", d.groupState().toString());
        answer.put("type", d.type().toString());
        answer.put("simple", d.isSimpleConsumerGroup());
        answer.put("assignor", d.partitionAssignor());
        answer.put("epochs", d.groupEpoch() + " " + d.targetAssignmentEpoch());
        answer.put("members", d.members().stream().map(Groups::shape).toList());
        return answer;
    }

    private static Object shape(MemberDescription member) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("memberId", member.consumerId());
        answer.put("clientId", member.clientId());
        answer.put("clientHost", member.host());
        answer.put("instance", String.valueOf(member.groupInstanceId()));
        answer.put("assignment", member.assignment().topicPartitions().stream()
            .map(TopicPartition::toString).sorted().toList());
        return answer;
    }

    private Object listed(ListGroupsOptions options) throws Exception {
        Map<String, String> answer = new TreeMap<>();
        for (GroupListing group : admin.listGroups(options).all().get())
            if (group.groupId().startsWith("g-"))
                answer.put(group.groupId(), group.type() + " " + group.protocol() + " "
                    + group.groupState());
        return answer;
    }
}
