package reference;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** What an application sees through the Producer and the Consumer. */
final class Clients extends Area {
    private static final TopicPartition ONE = new TopicPartition("cl-one", 0);

    Clients(Session session) {
        super("clients", session);
    }

    @Override
    void run() throws Exception {
        topic("cl-one", 2);
        List<String> codecs = List.of("none", "gzip", "snappy", "lz4", "zstd");
        for (String acks : List.of("0", "1", "all"))
            for (String codec : codecs) produces(acks, codec);
        refusals();
        reading();
        seeking();
        lookups();
        group("classic");
        group("consumer");
    }

    private Producer<String, String> producer(String... settings) {
        Properties properties = Session.client(session.bootstrap);
        properties.put("max.block.ms", "10000");
        properties.put("delivery.timeout.ms", "15000");
        for (int i = 0; i < settings.length; i += 2) properties.put(settings[i], settings[i + 1]);
        return new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
    }

    private Consumer<String, String> consumer(String... settings) {
        Properties properties = Session.client(session.bootstrap);
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        for (int i = 0; i < settings.length; i += 2) properties.put(settings[i], settings[i + 1]);
        return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    private static ProducerRecord<String, String> record(String topic, String key, String value) {
        ProducerRecord<String, String> record =
            new ProducerRecord<>(topic, 0, Batch.T0, key, value);
        record.headers().add("trace", new byte[] {1, 2});
        record.headers().add("nothing", null);
        return record;
    }

    private static Object shape(RecordMetadata metadata) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("partition", metadata.toString());
        answer.put("timestamp", metadata.timestamp());
        return answer;
    }

    private void produces(String acks, String codec) {
        ask("produce.acks." + acks + "." + codec, () -> {
            String idempotent = Boolean.toString(acks.equals("all"));
            try (Producer<String, String> producer = producer("acks", acks,
                    "compression.type", codec, "enable.idempotence", idempotent)) {
                return shape(producer.send(record("cl-one", "k", acks + codec)).get());
            }
        });
    }

    private Callable<Object> sends(String topic, String key, String value, String... settings) {
        return () -> {
            try (Producer<String, String> producer = producer(settings)) {
                return shape(producer.send(record(topic, key, value)).get());
            }
        };
    }

    private void refusals() throws Exception {
        topic("cl-compact", 1, "cleanup.policy", "compact");
        topic("cl-small", 1, "max.message.bytes", "500");
        ask("produce.nullKey.compacted", sends("cl-compact", null, "v"));
        ask("produce.tooLarge", sends("cl-small", "k", "v".repeat(2_000)));
        ask("produce.badTopic", sends("a b", "k", "v"));
        ask("produce.autoCreated", sends("cl-auto", "k", "v"));
        ask("produce.null.value", sends("cl-compact", "k", null));
        ask("partitionsFor.unknown", () -> {
            try (Consumer<String, String> consumer =
                    consumer("allow.auto.create.topics", "false")) {
                return consumer.partitionsFor("cl-none");
            }
        });
    }

    private static List<Object> take(Consumer<String, String> consumer, int count) {
        List<Object> taken = new ArrayList<>();
        for (int i = 0; i < 30 && taken.size() < count; i++) {
            ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(200));
            for (ConsumerRecord<String, String> record : records) taken.add(shape(record));
        }
        return taken;
    }

    private static Object shape(ConsumerRecord<String, String> record) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("offset", record.offset());
        answer.put("timestamp", record.timestampType() + " " + record.timestamp());
        answer.put("key", record.key());
        answer.put("value", record.value());
        answer.put("headers", String.valueOf(record.headers()));
        answer.put("leaderEpoch", String.valueOf(record.leaderEpoch()));
        return answer;
    }

    private void reading() {
        for (String isolation : List.of("read_committed", "read_uncommitted")) {
            ask("read." + isolation, () -> {
                try (Consumer<String, String> consumer = consumer("isolation.level", isolation)) {
                    consumer.assign(List.of(ONE));
                    consumer.seekToBeginning(List.of(ONE));
                    return take(consumer, 15);
                }
            });
        }
    }

    private void seek(String question, long offset, String reset) {
        ask("seek." + question + "." + reset, () -> {
            try (Consumer<String, String> consumer = consumer("auto.offset.reset", reset)) {
                consumer.assign(List.of(ONE));
                consumer.seek(ONE, offset);
                consumer.poll(Duration.ofMillis(500));
                return consumer.position(ONE);
            }
        });
    }

    private void seeking() {
        for (String reset : List.of("earliest", "latest", "none")) {
            seek("beyond", 1_000, reset);
            seek("end", 15, reset);
        }
        ask("seek.duration", () -> {
            try (Consumer<String, String> consumer =
                    consumer("auto.offset.reset", "by_duration:P5000D", "group.id", "cl-dur")) {
                consumer.assign(List.of(ONE));
                consumer.poll(Duration.ofMillis(500));
                return consumer.position(ONE);
            }
        });
    }

    private void lookups() {
        ask("lookup.ends", () -> {
            try (Consumer<String, String> consumer = consumer()) {
                return List.of(consumer.beginningOffsets(List.of(ONE)).get(ONE),
                    consumer.endOffsets(List.of(ONE)).get(ONE));
            }
        });
        ask("lookup.times", () -> {
            try (Consumer<String, String> consumer = consumer()) {
                Map<TopicPartition, Long> times =
                    Map.of(ONE, Batch.T0, new TopicPartition("cl-one", 1), 0L);
                return String.valueOf(consumer.offsetsForTimes(times));
            }
        });
        ask("lookup.times.none", () -> {
            try (Consumer<String, String> consumer = consumer()) {
                return String.valueOf(consumer.offsetsForTimes(Map.of(ONE, Batch.T0 + 1)));
            }
        });
        ask("lookup.topics", () -> {
            try (Consumer<String, String> consumer = consumer()) {
                Map<String, Integer> answer = new TreeMap<>();
                consumer.listTopics().forEach((name, partitions) -> {
                    if (name.startsWith("cl-")) answer.put(name, partitions.size());
                });
                return answer;
            }
        });
    }

    /** Read, commit, leave, come back: the second reader goes on where the first stopped. */
    private void group(String protocol) {
        String group = "cl-group-" + protocol;
        ask("group." + protocol + ".first", () -> {
            try (Consumer<String, String> consumer = consumer("group.id", group,
                    "group.protocol", protocol, "max.poll.records", "4")) {
                consumer.subscribe(List.of("cl-one"));
                List<Object> taken = take(consumer, 4);
                consumer.commitSync(Map.of(ONE, new OffsetAndMetadata(4, "four")));
                return taken.size();
            }
        });
        ask("group." + protocol + ".second", () -> {
            try (Consumer<String, String> consumer =
                    consumer("group.id", group, "group.protocol", protocol)) {
                consumer.subscribe(List.of("cl-one"));
                List<Object> taken = take(consumer, 11);
                return List.of(taken.size(), String.valueOf(consumer.committed(Set.of(ONE))));
            }
        });
    }
}
