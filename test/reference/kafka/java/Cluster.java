package reference;

import static org.apache.kafka.common.protocol.ApiKeys.API_VERSIONS;
import static org.apache.kafka.common.protocol.ApiKeys.DESCRIBE_CLUSTER;
import static org.apache.kafka.common.protocol.ApiKeys.FIND_COORDINATOR;
import static org.apache.kafka.common.protocol.ApiKeys.INIT_PRODUCER_ID;
import static org.apache.kafka.common.protocol.ApiKeys.SASL_AUTHENTICATE;
import static org.apache.kafka.common.protocol.ApiKeys.SASL_HANDSHAKE;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.common.protocol.ApiKeys;

/** Negotiation, the cluster's description, coordinators, producer ids, and bad frames. */
final class Cluster extends Area {
    private static final int CLOSE_WAIT_MS = 2_000;

    Cluster(Session session) {
        super("cluster", session);
    }

    @Override
    void run() throws Exception {
        versions();
        describe();
        coordinators();
        producerIds();
        sasl();
        frames();
        acls();
        unsupported();
    }

    private void versions() throws Exception {
        String client = "{clientSoftwareName: '%s', clientSoftwareVersion: '%s'}";
        JsonNode all = send(API_VERSIONS, 4, client, "test", "1.0");
        for (ApiKeys key : ApiKeys.clientApis()) {
            ask("apiVersions." + key.id + "." + key.name, () -> {
                for (JsonNode each : all.get("apiKeys"))
                    if (each.get("apiKey").asInt() == key.id)
                        return each.get("minVersion") + "-" + each.get("maxVersion");
                return null;
            });
        }
        ask("apiVersions.error", () -> error(all));
        ask("apiVersions.supportedFeatures", () -> all.get("supportedFeatures"));
        ask("apiVersions.finalizedFeatures", () -> all.get("finalizedFeatures"));
        for (int version = 0; version <= 3; version++) {
            int v = version;
            ask("apiVersions.version." + v, () ->
                error(send(API_VERSIONS, v, v < 3 ? "{}" : client, "test", "1")));
        }
        ask("apiVersions.version.unknown", () -> unknownVersion());
        String[] names = {"", "-a", "a-", "a b", "a_b", "a.b-c", "ä", "a".repeat(300)};
        for (String name : names) {
            String what = name.length() > 20 ? "long" : name;
            ask("apiVersions.name(" + what + ")", () ->
                error(send(API_VERSIONS, 3, client, name, "1")));
            ask("apiVersions.softwareVersion(" + what + ")",
                () -> error(send(API_VERSIONS, 3, client, "a", name)));
        }
    }

    /** A version from the future is answered in version 0, with error 35 and the ranges. */
    private Object unknownVersion() throws Exception {
        session.raw.post(API_VERSIONS.id, 99, 2, ByteBuffer.allocate(1));
        JsonNode answer = session.raw.response(API_VERSIONS, 0);
        boolean hasKeys = !answer.get("apiKeys").isEmpty();
        return Map.of("errorCode", answer.get("errorCode"), "keys", hasKeys);
    }

    private void describe() {
        ask("describe", () -> {
            DescribeClusterResult result = admin.describeCluster(
                new DescribeClusterOptions().includeAuthorizedOperations(true));
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("nodes", result.nodes().get().size());
            answer.put("rack", result.nodes().get().iterator().next().rack());
            answer.put("controllerIsTheNode",
                result.controller().get().id() == result.nodes().get().iterator().next().id());
            answer.put("clusterIdLength", result.clusterId().get().length());
            answer.put("operations", new TreeSet<>(result.authorizedOperations().get()));
            return answer;
        });
        for (int version = 0; version <= 2; version++)
            ask("describe.version." + version, DESCRIBE_CLUSTER, version, "{}");
        ask("describe.controllers", DESCRIBE_CLUSTER, 1, "{endpointType: 2}");
        ask("describe.endpoint.unknown", DESCRIBE_CLUSTER, 1, "{endpointType: 3}");
        ask("describe.fenced", DESCRIBE_CLUSTER, 2, "{includeFencedBrokers: true}");
    }

    private void coordinators() {
        for (int version = 0; version <= 3; version++)
            ask("coordinator.version." + version, FIND_COORDINATOR, version, "{key: 'cl-group'}");
        ask("coordinator.empty.3", FIND_COORDINATOR, 3, "{key: ''}");
        ask("coordinator.type.unknown.3", FIND_COORDINATOR, 3, "{key: 'g', keyType: 9}");
        for (int type : new int[] {0, 9}) {
            ask("coordinator.type." + type, FIND_COORDINATOR, 6,
                "{keyType: %d, coordinatorKeys: ['cl-group']}", type);
        }
        ask("coordinator.many", FIND_COORDINATOR, 6, "{coordinatorKeys: ['cl-a', 'cl-b']}");
        ask("coordinator.empty", FIND_COORDINATOR, 6, "{coordinatorKeys: ['']}");
        ask("coordinator.emptyBesideGood", FIND_COORDINATOR, 4, "{coordinatorKeys: ['', 'cl-a']}");
        ask("coordinator.none", FIND_COORDINATOR, 6, "{coordinatorKeys: []}");
        ask("coordinator.sameTwice", FIND_COORDINATOR, 6, "{coordinatorKeys: ['cl-a', 'cl-a']}");
        ask("coordinator.share.badKey", FIND_COORDINATOR, 6,
            "{keyType: 2, coordinatorKeys: ['x']}");
        ask("coordinator.long", FIND_COORDINATOR, 6, "{coordinatorKeys: ['%s']}", "g".repeat(1000));
    }

    private void producerIds() {
        for (int version = 0; version <= 5; version++)
            ask("producerId.version." + version, INIT_PRODUCER_ID, version,
                "{transactionalId: null}");
        ask("producerId.timeout.zero", INIT_PRODUCER_ID, 4,
            "{transactionalId: null, transactionTimeoutMs: 0}");
        ask("producerId.emptyTransactionalId", INIT_PRODUCER_ID, 4, "{transactionalId: ''}");
        ask("producerId.keep", INIT_PRODUCER_ID, 4,
            "{transactionalId: null, producerId: 5, producerEpoch: 3}");
        ask("producerId.epochOnly", INIT_PRODUCER_ID, 4,
            "{transactionalId: null, producerEpoch: 3}");
        ask("producerId.idOnly", INIT_PRODUCER_ID, 4, "{transactionalId: null, producerId: 3}");
        ask("producerId.differ", () -> {
            JsonNode a = send(INIT_PRODUCER_ID, 4, "{transactionalId: null}");
            JsonNode b = send(INIT_PRODUCER_ID, 4, "{transactionalId: null}");
            return a.get("producerId").asLong() < b.get("producerId").asLong();
        });
    }

    private void sasl() {
        ask("sasl.handshake.0", SASL_HANDSHAKE, 0, "{mechanism: 'PLAIN'}");
        ask("sasl.handshake.1", SASL_HANDSHAKE, 1, "{mechanism: 'PLAIN'}");
        ask("sasl.handshake.unknown", SASL_HANDSHAKE, 1, "{mechanism: 'NONE'}");
        ask("sasl.authenticate", SASL_AUTHENTICATE, 2, "{authBytes: 'AGEAYg=='}");
    }

    private void frames() {
        ask("frame.negativeSize", () -> closes(ByteBuffer.allocate(4).putInt(-1)));
        ask("frame.hugeSize", () -> closes(ByteBuffer.allocate(4).putInt(Integer.MAX_VALUE)));
        ask("frame.aboveRequestMax", () -> closes(ByteBuffer.allocate(4).putInt(104_857_601)));
        ask("frame.zeroSize", () -> closes(ByteBuffer.allocate(4).putInt(0)));
        ask("frame.http", () -> closes(ByteBuffer.wrap("GET / HTTP/1.1\r\n\r\n".getBytes())));
        byte[] clientHello = {22, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3};
        ask("frame.tls", () -> closes(ByteBuffer.wrap(clientHello)));
        ask("frame.headerOnly", () -> closes(header(ApiKeys.METADATA.id, 0)));
        ask("frame.unknownKey", () -> closes(header(999, 0)));
        ask("frame.negativeKey", () -> closes(header(-1, 0)));
        ask("frame.controllerKey", () -> closes(header(ApiKeys.VOTE.id, 0)));
        ask("frame.version.tooHigh", () -> closes(header(ApiKeys.METADATA.id, 99)));
        ask("frame.version.tooLow", () -> closes(header(ApiKeys.FETCH.id, 3)));
        ask("frame.version.produce2", () -> closes(header(ApiKeys.PRODUCE.id, 2)));
        ask("frame.version.negative", () -> closes(header(ApiKeys.METADATA.id, -1)));
        ask("frame.serves.others", DESCRIBE_CLUSTER, 0, "{}");
    }

    private static ByteBuffer header(int key, int version) {
        ByteBuffer frame = ByteBuffer.allocate(14).putInt(10).putShort((short) key);
        return frame.putShort((short) version).putInt(1).putShort((short) -1);
    }

    private Object closes(ByteBuffer bytes) throws Exception {
        try (Raw raw = new Raw(session.bootstrap)) {
            raw.write(bytes.array());
            return raw.isClosed(CLOSE_WAIT_MS) ? "closed" : "open";
        }
    }

    private void acls() {
        String any = """
            resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1,
            principalFilter: null, hostFilter: null, operation: 1, permissionType: 1""";
        String one = """
            {resourceType: 2, resourceName: 't', resourcePatternType: 3, principal: 'User:x',
              host: '*', operation: 3, permissionType: 3}""";
        for (int version = 1; version <= 3; version++) {
            ask("acls.describe." + version, ApiKeys.DESCRIBE_ACLS, version, "{%s}", any);
            ask("acls.create." + version, ApiKeys.CREATE_ACLS, version, "{creations: [%s, %s]}",
                one, one);
            ask("acls.delete." + version, ApiKeys.DELETE_ACLS, version,
                "{filters: [{%s}, {%s}]}", any, any);
        }
        ask("acls.create.none", ApiKeys.CREATE_ACLS, 3, "{creations: []}");
        ask("acls.delete.none", ApiKeys.DELETE_ACLS, 3, "{filters: []}");
        ask("acls.describe.unknownOperation", ApiKeys.DESCRIBE_ACLS, 3, "{%s}",
            any.replace("operation: 1", "operation: 0"));
    }

    private void unsupported() {
        ask("electLeaders", ApiKeys.ELECT_LEADERS, 2, "{electionType: 0, topicPartitions: null}");
        ask("describeLogDirs.error", () ->
            error(send(ApiKeys.DESCRIBE_LOG_DIRS, 4, "{topics: null}")));
        ask("describeQuotas", ApiKeys.DESCRIBE_CLIENT_QUOTAS, 1, "{components: [], strict: false}");
    }
}
