import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;

/** Prints what Kafka knows of its own configuration keys, one a line, separated by tabs. */
public class KafkaConfigs {
  /** Keys of the broker that nobody can give it at its start. */
  private static final Set<String> ONLY_DYNAMIC = Set.of("leader.replication.throttled.rate",
      "follower.replication.throttled.rate", "replica.alter.log.dirs.io.max.bytes.per.second");

  private static void print(String kind, Map<String, ConfigDef.ConfigKey> keys) {
    for (ConfigDef.ConfigKey key : new TreeMap<>(keys).values()) {
      if (key.internalConfig) continue;
      boolean set = key.defaultValue != ConfigDef.NO_DEFAULT_VALUE && key.defaultValue != null;
      String text = set ? ConfigDef.convertToString(key.defaultValue, key.type) : "<null>";
      boolean dynamic = kafka.server.DynamicBrokerConfig.AllDynamicConfigs().contains(key.name)
          || ONLY_DYNAMIC.contains(key.name);
      String bounds = key.validator instanceof ConfigDef.Range ? key.validator.toString() : "";
      System.out.println(
          String.join("\t", kind, key.name, key.type.toString(), text, "" + dynamic, bounds));
    }
  }

  public static void main(String[] args) {
    print("topic", org.apache.kafka.storage.internals.log.LogConfig.configDefCopy().configKeys());
    Map<String, ConfigDef.ConfigKey> broker =
        new TreeMap<>(kafka.server.KafkaConfig.configDef().configKeys());
    kafka.server.DynamicConfig.Broker$.MODULE$.configKeys().forEach((name, key) -> {
      if (ONLY_DYNAMIC.contains(name)) broker.put(name, key);
    });
    print("broker", broker);
    org.apache.kafka.server.config.ServerTopicConfigSynonyms.ALL_TOPIC_CONFIG_SYNONYMS.forEach(
        (key, synonyms) -> {
          String names = String.join(",", synonyms.stream().map(s -> s.name()).toList());
          System.out.println(String.join("\t", "synonyms", key, names));
        });
  }
}
