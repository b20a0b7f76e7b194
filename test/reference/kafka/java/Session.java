package reference;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.protocol.ApiKeys;

/** What all areas share: the address, one Admin client, one raw connection, the answers. */
final class Session {
    private static final ConfigResource BARRIER =
        new ConfigResource(ConfigResource.Type.TOPIC, "barrier");
    private static final int WARM_GROUPS = 500;
    private static final long READY_MS = 30_000;
    private static final long BARRIER_MS = 5_000;

    final String bootstrap;
    final Admin admin;
    final Raw raw;
    final Answers answers;
    private int barriers;

    Session(String bootstrap, Admin admin, Answers answers) {
        this.bootstrap = bootstrap;
        this.admin = admin;
        this.answers = answers;
        this.raw = new Raw(bootstrap);
    }

    static Properties client(String bootstrap) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("request.timeout.ms", "10000");
        properties.put("default.api.timeout.ms", "15000");
        properties.put("enable.metrics.push", "false");
        return properties;
    }

    /** Brings up what a broker starts lazily, so that no answer depends on who asked first. */
    void warmUp() throws Exception {
        admin.createTopics(List.of(new NewTopic("barrier", 1, (short) -1))).all().get();
        long deadline = System.currentTimeMillis() + READY_MS;
        while (!isWarm() && System.currentTimeMillis() < deadline) Thread.sleep(100);
        barrier();
    }

    private boolean isWarm() throws Exception {
        if (!succeeds(ApiKeys.FIND_COORDINATOR, 3, "{key: 'warm', keyType: 0}")) return false;
        if (!succeeds(ApiKeys.INIT_PRODUCER_ID, 4, "{transactionalId: null}")) return false;
        for (int i = 0; i < WARM_GROUPS; i++)
            if (!succeeds(ApiKeys.OFFSET_FETCH, 7, "{groupId: 'warm" + i + "', topics: []}"))
                return false;
        return true;
    }

    private boolean succeeds(ApiKeys key, int version, String json) throws Exception {
        return raw.send(key, version, json).path("errorCode").asInt(-1) == 0;
    }

    /** Returns when every change of metadata that was answered before has taken effect. */
    void barrier() throws Exception {
        for (int round = 0; round < 2; round++) {
            String mark = Integer.toString(3_600_000 + ++barriers);
            AlterConfigOp set =
                new AlterConfigOp(new ConfigEntry("retention.ms", mark), AlterConfigOp.OpType.SET);
            Collection<AlterConfigOp> change = List.of(set);
            admin.incrementalAlterConfigs(Map.of(BARRIER, change)).all().get();
            waitFor(mark);
        }
    }

    private void waitFor(String mark) throws Exception {
        long deadline = System.currentTimeMillis() + BARRIER_MS;
        while (!mark.equals(admin.describeConfigs(List.of(BARRIER)).all().get().get(BARRIER)
                .get("retention.ms").value())) {
            if (System.currentTimeMillis() > deadline)
                throw new IllegalStateException("a change of configuration takes no effect");
            Thread.sleep(2);
        }
    }
}
