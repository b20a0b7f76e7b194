package reference;

import static org.apache.kafka.common.protocol.ApiKeys.DELETE_GROUPS;
import static org.apache.kafka.common.protocol.ApiKeys.DESCRIBE_GROUPS;
import static org.apache.kafka.common.protocol.ApiKeys.HEARTBEAT;
import static org.apache.kafka.common.protocol.ApiKeys.JOIN_GROUP;
import static org.apache.kafka.common.protocol.ApiKeys.LEAVE_GROUP;
import static org.apache.kafka.common.protocol.ApiKeys.LIST_GROUPS;
import static org.apache.kafka.common.protocol.ApiKeys.OFFSET_COMMIT;
import static org.apache.kafka.common.protocol.ApiKeys.OFFSET_FETCH;
import static org.apache.kafka.common.protocol.ApiKeys.SYNC_GROUP;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** The classic group protocol, request by request: joining, generations, fencing, leaving. */
final class ClassicGroups extends Area {
    private static final String JOIN = """
        {groupId: '%s', sessionTimeoutMs: %d, rebalanceTimeoutMs: 10000, memberId: '%s',
          protocolType: '%s', protocols: [{name: '%s', metadata: 'AQID'}]}""";
    private static final String SYNC = """
        {groupId: '%s', generationId: %d, memberId: '%s', protocolType: 'consumer',
          protocolName: 'range',
          assignments: [{memberId: '%s', assignment: 'BAUG'}]}""";
    private static final String BEAT = "{groupId: '%s', generationId: %d, memberId: '%s'}";
    private static final String LEAVE = "{groupId: '%s', members: [{memberId: '%s'}]}";
    private static final String COMMIT = """
        {groupId: '%s', generationIdOrMemberEpoch: %d, memberId: '%s',
          topics: [{name: 'cg-one', partitions: [
          {partitionIndex: 0, committedOffset: 3}]}]}""";

    ClassicGroups(Session session) {
        super("classic", session);
    }

    @Override
    void run() throws Exception {
        topic("cg-one", 2);
        joins();
        oneMember();
        versions();
        twoMembers();
        staticMembers();
        expiry();
    }

    private void join(String question, int version, String group, int timeoutMs, String member) {
        ask(question, JOIN_GROUP, version, JOIN, group, timeoutMs, member, "consumer", "range");
    }

    private void joins() {
        join("join.memberIdRequired", 9, "cg-j", 10_000, "");
        join("join.version.3", 3, "cg-j3", 10_000, "");
        join("join.unknownMember", 9, "cg-j", 10_000, "nobody");
        join("join.unknownMember.newGroup", 9, "cg-none", 10_000, "nobody");
        join("join.emptyGroup", 9, "", 10_000, "");
        for (int timeoutMs : new int[] {5_999, 6_000, 1_800_000, 1_800_001, 0, -1})
            join("join.sessionTimeout." + timeoutMs, 9, "cg-t" + timeoutMs, timeoutMs, "");
        ask("join.noProtocols", JOIN_GROUP, 9, """
            {groupId: 'cg-np', sessionTimeoutMs: 10000, rebalanceTimeoutMs: 10000, memberId: '',
              protocolType: 'consumer', protocols: []}""");
        ask("join.noProtocols.3", JOIN_GROUP, 3, """
            {groupId: 'cg-np', sessionTimeoutMs: 10000, rebalanceTimeoutMs: 10000, memberId: '',
              protocolType: 'consumer', protocols: []}""");
        ask("join.noProtocolType.3", JOIN_GROUP, 3, JOIN, "cg-npt", 10_000, "", "", "range");
        ask("join.noProtocolType", JOIN_GROUP, 9, JOIN, "cg-npt9", 10_000, "", "", "range");
        ask("join.emptyInstance", JOIN_GROUP, 9,
            JOIN.replace("{groupId", "{groupInstanceId: '', groupId"),
            "cg-i", 10_000, "", "consumer", "range");
        ask("join.badInstance", JOIN_GROUP, 9,
            JOIN.replace("{groupId", "{groupInstanceId: 'a b', groupId"),
            "cg-i2", 10_000, "", "consumer", "range");
        ask("list.pending", () -> state("cg-j"));
    }

    /** The id that the coordinator gives to a member that has none yet. */
    private String newMember(String group, int timeoutMs) throws Exception {
        return send(JOIN_GROUP, 9, JOIN, group, timeoutMs, "", "consumer", "range")
            .path("memberId").asText();
    }

    private JsonNode state(String group) throws Exception {
        return send(DESCRIBE_GROUPS, 6, "{groups: ['%s']}", group).path("groups").path(0);
    }

    private void oneMember() throws Exception {
        String group = "cg-solo";
        String member = newMember(group, 10_000);
        join("solo.join", 9, group, 10_000, member);
        ask("solo.describe.completing", () -> state(group));
        ask("solo.heartbeat.completing", HEARTBEAT, 4, BEAT, group, 1, member);
        ask("solo.commit.completing", OFFSET_COMMIT, 8, COMMIT, group, 1, member);
        ask("solo.sync.wrongGeneration", SYNC_GROUP, 5, SYNC, group, 9, member, member);
        ask("solo.sync.unknownMember", SYNC_GROUP, 5, SYNC, group, 1, "nobody", member);
        ask("solo.sync.wrongProtocol", SYNC_GROUP, 5, SYNC.replace("'range'", "'other'"), group, 1,
            member, member);
        ask("solo.sync.wrongType", SYNC_GROUP, 5, SYNC.replace("'consumer'", "'other'"), group, 1,
            member, member);
        ask("solo.sync", SYNC_GROUP, 5, SYNC, group, 1, member, member);
        ask("solo.sync.again", SYNC_GROUP, 5, SYNC, group, 1, member, member);
        ask("solo.describe.stable", () -> state(group));
        beats("solo", group, member);
        ask("solo.commit", OFFSET_COMMIT, 8, COMMIT, group, 1, member);
        ask("solo.commit.wrongGeneration", OFFSET_COMMIT, 8, COMMIT, group, 2, member);
        ask("solo.commit.unknownMember", OFFSET_COMMIT, 8, COMMIT, group, 1, "nobody");
        ask("solo.commit.simple", OFFSET_COMMIT, 8, COMMIT, group, -1, "");
        ask("solo.fetch", OFFSET_FETCH, 8, "{groups: [{groupId: '%s', topics: null}]}", group);
        ask("solo.fetch.wrongMember", OFFSET_FETCH, 9,
            "{groups: [{groupId: '%s', memberId: 'nobody', memberEpoch: 1, topics: null}]}", group);
        ask("solo.join.otherType", JOIN_GROUP, 9, JOIN, group, 10_000, "", "connect", "range");
        ask("solo.join.otherProtocol", JOIN_GROUP, 9, JOIN, group, 10_000, "", "consumer",
            "sticky");
        ask("solo.delete.active", DELETE_GROUPS, 2, "{groupsNames: ['%s']}", group);
        ask("solo.rejoin.same", JOIN_GROUP, 9, JOIN, group, 10_000, member, "consumer", "range");
        ask("solo.sync.next", SYNC_GROUP, 5, SYNC, group, 2, member, member);
        ask("solo.leave.unknownMember", LEAVE_GROUP, 5, LEAVE, group, "nobody");
        ask("solo.leave.unknownGroup", LEAVE_GROUP, 5, LEAVE, "cg-nowhere", "nobody");
        ask("solo.leave.emptyGroup", LEAVE_GROUP, 5, LEAVE, "", "nobody");
        ask("solo.leave.nobody", LEAVE_GROUP, 5, "{groupId: '%s', members: []}", group);
        ask("solo.leave", LEAVE_GROUP, 5, LEAVE, group, member);
        ask("solo.leave.again", LEAVE_GROUP, 5, LEAVE, group, member);
        ask("solo.describe.empty", () -> state(group));
        ask("solo.heartbeat.left", HEARTBEAT, 4, BEAT, group, 2, member);
        ask("solo.commit.left", OFFSET_COMMIT, 8, COMMIT, group, 2, member);
        ask("solo.commit.simple.empty", OFFSET_COMMIT, 8, COMMIT, group, -1, "");
    }

    private void beats(String what, String group, String member) {
        ask(what + ".heartbeat", HEARTBEAT, 4, BEAT, group, 1, member);
        ask(what + ".heartbeat.wrongGeneration", HEARTBEAT, 4, BEAT, group, 2, member);
        ask(what + ".heartbeat.unknownMember", HEARTBEAT, 4, BEAT, group, 1, "nobody");
        ask(what + ".heartbeat.unknownGroup", HEARTBEAT, 4, BEAT, "cg-nowhere", 1, member);
        ask(what + ".heartbeat.emptyGroup", HEARTBEAT, 4, BEAT, "", 1, member);
        ask(what + ".heartbeat.emptyMember", HEARTBEAT, 4, BEAT, group, 1, "");
        ask(what + ".sync.emptyGroup", SYNC_GROUP, 5, SYNC, "", 1, member, member);
        ask(what + ".sync.unknownGroup", SYNC_GROUP, 5, SYNC, "cg-nowhere", 1, member, member);
    }

    private void versions() throws Exception {
        for (int version = 0; version <= 3; version++) {
            String group = "cg-v" + version;
            String text = version == 0 ? JOIN.replace("rebalanceTimeoutMs: 10000, ", "") : JOIN;
            JsonNode joined = send(JOIN_GROUP, version, text, group, 10_000, "", "consumer",
                "range");
            ask("version." + version + ".join", () -> joined);
            String member = joined.path("memberId").asText();
            String sync = SYNC.replace("protocolType: 'consumer', protocolName: 'range',", "");
            ask("version." + version + ".sync", SYNC_GROUP, version, sync, group, 1, member,
                member);
            ask("version." + version + ".heartbeat", HEARTBEAT, version, BEAT, group, 1, member);
            ask("version." + version + ".leave", LEAVE_GROUP, Math.min(version, 2),
                "{groupId: '%s', memberId: '%s'}", group, member);
        }
        for (int version = 0; version <= 6; version++)
            ask("describe.version." + version, DESCRIBE_GROUPS, version,
                "{groups: ['cg-v1', 'cg-nowhere', '']}");
        ask("describe.none", DESCRIBE_GROUPS, 6, "{groups: []}");
        ask("describe.operations", DESCRIBE_GROUPS, 6,
            "{groups: ['cg-v1'], includeAuthorizedOperations: true}");
        lists();
    }

    private void lists() {
        list("list.empty", 5, "statesFilter: ['Empty']");
        list("list.lowerCase", 5, "statesFilter: ['empty']");
        list("list.unknownState", 5, "statesFilter: ['Happy']");
        list("list.type.classic", 5, "statesFilter: [], typesFilter: ['classic']");
        list("list.type.Classic", 5, "statesFilter: [], typesFilter: ['Classic']");
        list("list.type.consumer", 5, "statesFilter: [], typesFilter: ['consumer']");
        list("list.type.unknown", 5, "statesFilter: [], typesFilter: ['odd']");
        for (int version = 0; version <= 5; version++) list("list.version." + version, version, "");
    }

    private void list(String question, int version, String filter) {
        ask(question, () -> {
            JsonNode answer = send(LIST_GROUPS, version, "{" + filter + "}");
            Map<String, JsonNode> groups = new TreeMap<>();
            for (JsonNode group : answer.path("groups"))
                groups.put(group.path("groupId").asText(), group);
            groups.keySet().removeIf(id -> !id.startsWith("cg-"));
            return Map.of("errorCode", answer.path("errorCode"), "groups", groups);
        });
    }

    private CompletableFuture<JsonNode> joinBeside(String group, String member) {
        return CompletableFuture.supplyAsync(() -> {
            try (Raw raw = new Raw(session.bootstrap)) {
                return raw.send(JOIN_GROUP, 9, JOIN, group, 10_000, member, "consumer", "range");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** Members come in no order; what counts is how many the leader is told. */
    private static Object joined(JsonNode answer, String leader) {
        return Map.of("errorCode", answer.path("errorCode"),
            "generation", answer.path("generationId"),
            "members", answer.path("members").size(),
            "firstLeads", answer.path("leader").asText().equals(leader),
            "protocol", answer.path("protocolName"));
    }

    private void twoMembers() throws Exception {
        String group = "cg-duo";
        String first = newMember(group, 10_000);
        send(JOIN_GROUP, 9, JOIN, group, 10_000, first, "consumer", "range");
        send(SYNC_GROUP, 5, SYNC, group, 1, first, first);
        String second = newMember(group, 10_000);
        ask("duo.pending.heartbeat", HEARTBEAT, 4, BEAT, group, 1, first);
        ask("duo.pending.secondHeartbeat", HEARTBEAT, 4, BEAT, group, 1, second);
        CompletableFuture<JsonNode> secondJoins = joinBeside(group, second);
        waitForRebalance(group, first);
        ask("duo.preparing.heartbeat", HEARTBEAT, 4, BEAT, group, 1, first);
        ask("duo.preparing.describe", () -> state(group).path("groupState"));
        ask("duo.preparing.commit", OFFSET_COMMIT, 8, COMMIT, group, 1, first);
        ask("duo.preparing.sync", SYNC_GROUP, 5, SYNC, group, 1, first, first);
        JsonNode firstJoined = send(JOIN_GROUP, 9, JOIN, group, 10_000, first, "consumer", "range");
        ask("duo.first.joined", () -> joined(firstJoined, first));
        ask("duo.second.joined", () -> joined(secondJoins.get(), first));
        ask("duo.completing.commit", OFFSET_COMMIT, 8, COMMIT, group, 2, first);
        ask("duo.completing.commit.old", OFFSET_COMMIT, 8, COMMIT, group, 1, first);
        ask("duo.leader.sync", SYNC_GROUP, 5, SYNC, group, 2, first, second);
        ask("duo.follower.sync", SYNC_GROUP, 5,
            SYNC.replace("{memberId: '%s', assignment: 'BAUG'}", ""), group, 2, second);
        ask("duo.rejoin.follower", JOIN_GROUP, 9, JOIN, group, 10_000, second, "consumer", "range");
        ask("duo.leave.follower", LEAVE_GROUP, 5, LEAVE, group, second);
        ask("duo.left.heartbeat", HEARTBEAT, 4, BEAT, group, 2, first);
        ask("duo.leave.leader", LEAVE_GROUP, 5, LEAVE, group, first);
        ask("duo.empty", () -> state(group));
    }

    private void waitForRebalance(String group, String member) throws Exception {
        for (int i = 0; i < 100; i++) {
            if (send(HEARTBEAT, 4, BEAT, group, 1, member).path("errorCode").asInt() == 27) return;
            Thread.sleep(20);
        }
    }

    private JsonNode joinStatic(String group, String member, String metadata) throws Exception {
        String text = JOIN.replace("{groupId", "{groupInstanceId: 'one', groupId");
        return send(JOIN_GROUP, 9, text.replace("AQID", metadata), group, 10_000, member,
            "consumer", "range");
    }

    private void staticMembers() throws Exception {
        String group = "cg-static";
        String beat = BEAT.replace("{groupId", "{groupInstanceId: 'one', groupId");
        String sync = SYNC.replace("{groupId", "{groupInstanceId: 'one', groupId");
        JsonNode first = joinStatic(group, "", "AQID");
        ask("static.join", () -> first);
        String old = first.path("memberId").asText();
        ask("static.sync", SYNC_GROUP, 5, sync, group, 1, old, old);
        ask("static.heartbeat", HEARTBEAT, 4, beat, group, 1, old);
        JsonNode second = joinStatic(group, "", "AQID");
        ask("static.rejoin", () -> second);
        String now = second.path("memberId").asText();
        ask("static.newId", () -> !old.equals(now));
        ask("static.fenced.heartbeat", HEARTBEAT, 4, beat, group, 1, old);
        ask("static.fenced.sync", SYNC_GROUP, 5, sync, group, 1, old, old);
        ask("static.fenced.commit", OFFSET_COMMIT, 8,
            COMMIT.replace("{groupId", "{groupInstanceId: 'one', groupId"), group, 1, old);
        ask("static.fenced.join", () -> joinStatic(group, old, "AQID"));
        ask("static.fenced.leave", LEAVE_GROUP, 5,
            "{groupId: '%s', members: [{memberId: '%s', groupInstanceId: 'one'}]}", group, old);
        ask("static.heartbeat.noInstance", HEARTBEAT, 4, BEAT, group, 1, now);
        ask("static.sync.after", SYNC_GROUP, 5, sync, group, 1, now, now);
        ask("static.rejoin.changed", () -> joinStatic(group, "", "CQID"));
        ask("static.describe", () -> state(group));
        ask("static.unknownInstance", HEARTBEAT, 4, beat.replace("'one'", "'two'"), group, 2, now);
        ask("static.leave.unknownInstance", LEAVE_GROUP, 5,
            "{groupId: '%s', members: [{memberId: '', groupInstanceId: 'two'}]}", group);
        ask("static.leave", LEAVE_GROUP, 5,
            "{groupId: '%s', members: [{memberId: '', groupInstanceId: 'one'}]}", group);
        ask("static.left", () -> state(group));
    }

    /** A silent member is dropped after its session timeout, which is 6 seconds at least. */
    private void expiry() throws Exception {
        String group = "cg-expiry";
        String member = newMember(group, 6_000);
        send(JOIN_GROUP, 9, JOIN, group, 6_000, member, "consumer", "range");
        send(SYNC_GROUP, 5, SYNC, group, 1, member, member);
        Thread.sleep(4_000);
        ask("expiry.early", () -> state(group).path("groupState"));
        Thread.sleep(3_500);
        ask("expiry.late", () -> state(group).path("groupState"));
        ask("expiry.heartbeat", HEARTBEAT, 4, BEAT, group, 1, member);
        ask("expiry.commit", OFFSET_COMMIT, 8, COMMIT, group, 1, member);
    }
}
