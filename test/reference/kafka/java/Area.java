package reference;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiKeys;

/** One part of the suite: asks its questions in a fixed order, on topics and groups of its own. */
abstract class Area {
    final String name;
    final Session session;
    final Admin admin;

    Area(String name, Session session) {
        this.name = name;
        this.session = session;
        this.admin = session.admin;
    }

    abstract void run() throws Exception;

    final void ask(String question, Callable<?> asker) {
        session.answers.ask(name + "." + question, asker);
    }

    /** Asks with one request of the protocol. */
    final void ask(String question, ApiKeys key, int version, String json, Object... arguments) {
        ask(question, () -> session.raw.send(key, version, json, arguments));
    }

    /** The response to a request that prepares a question, or null when there was none. */
    final JsonNode send(ApiKeys key, int version, String json,
        Object... arguments) throws Exception {
        return session.raw.send(key, version, json, arguments);
    }

    /** The first error code of a response, alone; the whole response when it has none. */
    static Object error(JsonNode answer) {
        JsonNode code = answer.findValue("errorCode");
        return code == null ? answer : Map.of("errorCode", code);
    }

    /** Creates a topic of this area that keeps old records, ready to be produced to. */
    final Uuid topic(String topic, int partitions, String... configs) throws Exception {
        Map<String, String> values = new HashMap<>(Map.of("retention.ms", "-1"));
        for (int i = 0; i < configs.length; i += 2) values.put(configs[i], configs[i + 1]);
        NewTopic wanted = new NewTopic(topic, Optional.of(partitions), Optional.empty());
        admin.createTopics(List.of(wanted.configs(values))).all().get();
        session.barrier();
        return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId();
    }

    final void store(String topic, int partition, Batch batch) throws Exception {
        JsonNode answer = send(ApiKeys.PRODUCE, 9, """
            {acks: -1, timeoutMs: 5000, topicData: [{name: '%s', partitionData: [
              {index: %d, records: '%s'}]}]}""", topic, partition, batch);
        if (answer.findPath("errorCode").asInt(-1) != 0)
            throw new IllegalStateException("cannot store into " + topic + ": " + answer);
    }
}
