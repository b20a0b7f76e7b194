import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;

/** Prints what Kafka knows of its own configuration keys, one a line, separated by tabs. */
public class KafkaConfigs {
  private static void print(String kind, ConfigDef definition) {
    for (ConfigDef.ConfigKey key : new TreeMap<>(definition.configKeys()).values()) {
      if (key.internalConfig) continue;
      boolean set = key.defaultValue != ConfigDef.NO_DEFAULT_VALUE && key.defaultValue != null;
      String text = set ? ConfigDef.convertToString(key.defaultValue, key.type) : "<null>";
      boolean dynamic = kafka.server.DynamicBrokerConfig.AllDynamicConfigs().contains(key.name);
      System.out.println(String.join("\t", kind, key.name, key.type.toString(), text, "" + dynamic));
    }
  }

  public static void main(String[] args) {
    print("topic", org.apache.kafka.storage.internals.log.LogConfig.configDefCopy());
    print("broker", kafka.server.KafkaConfig.configDef());
    org.apache.kafka.server.config.ServerTopicConfigSynonyms.ALL_TOPIC_CONFIG_SYNONYMS.forEach(
        (key, synonyms) -> {
          String names = String.join(",", synonyms.stream().map(s -> s.name()).toList());
          System.out.println(String.join("\t", "synonyms", key, names));
        });
  }
}
