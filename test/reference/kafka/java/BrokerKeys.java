package reference;

import static org.apache.kafka.common.protocol.ApiKeys.INCREMENTAL_ALTER_CONFIGS;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;

/** The keys of a broker that Kafka lets change and that have no effect here: shown, and set. */
final class BrokerKeys extends Area {
    private static final List<String> SETTABLE = List.of("background.threads",
        "follower.replication.throttled.rate", "leader.replication.throttled.rate",
        "log.cleaner.io.buffer.load.factor", "log.cleaner.io.buffer.size", "log.cleaner.threads",
        "metric.reporters", "num.io.threads", "num.network.threads",
        "num.recovery.threads.per.data.dir", "num.replica.fetchers", "remote.fetch.max.wait.ms",
        "remote.list.offsets.request.timeout.ms", "remote.log.index.file.cache.total.size.bytes",
        "remote.log.manager.copier.thread.pool.size",
        "remote.log.manager.copy.max.bytes.per.second",
        "remote.log.manager.expiration.thread.pool.size",
        "remote.log.manager.fetch.max.bytes.per.second",
        "remote.log.manager.follower.thread.pool.size", "remote.log.reader.threads",
        "replica.alter.log.dirs.io.max.bytes.per.second", "sasl.kerberos.kinit.cmd",
        "sasl.kerberos.min.time.before.relogin", "sasl.kerberos.principal.to.local.rules",
        "sasl.kerberos.service.name", "sasl.kerberos.ticket.renew.jitter",
        "sasl.kerberos.ticket.renew.window.factor", "sasl.login.refresh.buffer.seconds",
        "sasl.login.refresh.min.period.seconds", "sasl.login.refresh.window.factor",
        "sasl.login.refresh.window.jitter", "sasl.mechanism.inter.broker.protocol",
        "transaction.partition.verification.enable");
    private static final List<String> REFUSED = List.of("config.providers",
        "listener.security.protocol.map", "max.connection.creation.rate",
        "max.connections.per.ip.overrides", "principal.builder.class", "sasl.jaas.config",
        "ssl.cipher.suites", "ssl.client.auth", "ssl.enabled.protocols",
        "ssl.endpoint.identification.algorithm", "ssl.engine.factory.class", "ssl.key.password",
        "ssl.keymanager.algorithm", "ssl.keystore.certificate.chain", "ssl.keystore.key",
        "ssl.keystore.location", "ssl.keystore.password", "ssl.keystore.type", "ssl.protocol",
        "ssl.provider", "ssl.secure.random.implementation", "ssl.trustmanager.algorithm",
        "ssl.truststore.certificates", "ssl.truststore.location", "ssl.truststore.password",
        "ssl.truststore.type");
    private static final List<String> NUMBERS = List.of("-1", "0", "1", "40000", "3000000000",
        "9223372036854775808", "0.5", "x");
    private static final List<String> TEXTS = List.of("true", "a", "DEFAULT");

    private ConfigResource broker;

    BrokerKeys(Session session) {
        super("brokerKeys", session);
    }

    @Override
    void run() throws Exception {
        int node = admin.describeCluster().nodes().get().iterator().next().id();
        broker = new ConfigResource(Type.BROKER, Integer.toString(node));
        Config all = described();
        for (String key : SETTABLE) ask("describe." + key, () -> Configs.shape(all.get(key)));
        for (String key : REFUSED) ask("describe." + key, () -> Configs.shape(all.get(key)));
        for (String key : SETTABLE) {
            ConfigEntry entry = all.get(key);
            boolean number = entry == null || switch (entry.type()) {
                case SHORT, INT, LONG, DOUBLE -> true;
                default -> false;
            };
            Set<String> values = new LinkedHashSet<>(number ? NUMBERS : TEXTS);
            String now = entry == null ? null : entry.value();
            if (now != null) values.add(now);
            for (String value : values) set(key, value, broker.name());
            if (now != null) set(key, now, "");
        }
        for (String key : REFUSED) set(key, "a", "");
        keep("leader.replication.throttled.rate", "15");
        keep("sasl.kerberos.min.time.before.relogin", "58000");
        keep("background.threads", "11");
    }

    private Config described() throws Exception {
        DescribeConfigsOptions all =
            new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
        return admin.describeConfigs(List.of(broker), all).values().get(broker).get();
    }

    /** Only checked: whether the value would be taken, for one broker or for all. */
    private void set(String key, String value, String name) {
        String where = name.isEmpty() ? ".all" : "";
        ask("set." + key + "(" + value + ")" + where, INCREMENTAL_ALTER_CONFIGS, 1, """
            {validateOnly: true, resources: [{resourceType: 4, resourceName: '%s', configs: [
              {name: '%s', value: '%s'}]}]}""", name, key, value);
    }

    /** Sets the key, looks at it, and takes it back. */
    private void keep(String key, String value) throws Exception {
        change(key, AlterConfigOp.OpType.SET, value);
        ask("kept." + key, () -> Configs.shape(described().get(key)));
        change(key, AlterConfigOp.OpType.DELETE, null);
        ask("gone." + key, () -> Configs.shape(described().get(key)));
    }

    private void change(String key, AlterConfigOp.OpType type, String value) throws Exception {
        AlterConfigOp change = new AlterConfigOp(new ConfigEntry(key, value), type);
        admin.incrementalAlterConfigs(Map.of(broker, List.of(change))).all().get();
        session.barrier();
    }
}
