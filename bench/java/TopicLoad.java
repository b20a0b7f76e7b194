import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Load over many topics. Records go to the topics PREFIX-0 to PREFIX-(N-1), partition 0, in turn, with
 * acks=all, through several producers in turn. With a rate it is an open loop: record i is due at
 * i/rate seconds and its latency counts from then, so a broker that stalls is charged for all that had
 * to wait. With rate 0 it sends as fast as the clients' buffers are drained.
 *
 * <p>Several producers, because one looks at each of its topics before every request: with 10,000 of
 * them that, and not the broker, is what one would measure.
 *
 * <p>produce BOOTSTRAP PREFIX TOPICS WARMUP RECORDS RATE SIZE PRODUCERS NAME=VALUE...: prints
 * "measuring" when the warm-up is acknowledged, then a line "result NAME=NUMBER ..."; what follows
 * PRODUCERS is producer configuration. count BOOTSTRAP PREFIX TOPICS: prints "result records=N", the
 * sum of all end offsets.
 */
public final class TopicLoad {
  private final String prefix;
  private final int topics;
  private final Histogram latencyMicros = new ConcurrentHistogram(3_600_000_000L, 3);
  private final AtomicLong failed = new AtomicLong();
  private final List<KafkaProducer<byte[], byte[]>> producers = new ArrayList<>();

  private TopicLoad(String prefix, int topics) {
    this.prefix = prefix;
    this.topics = topics;
  }

  public static void main(String[] args) {
    TopicLoad load = new TopicLoad(args[2], Integer.parseInt(args[3]));
    if (args[0].equals("count")) {
      load.count(args[1]);
    } else {
      load.produce(args);
    }
  }

  private void produce(String[] args) {
    Map<String, Object> config = new HashMap<>();
    config.put("bootstrap.servers", args[1]);
    config.put("acks", "all");
    config.put("max.block.ms", "120000");
    config.put("key.serializer", ByteArraySerializer.class);
    config.put("value.serializer", ByteArraySerializer.class);
    for (String pair : Arrays.asList(args).subList(9, args.length)) {
      config.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
    }
    for (int i = 0; i < Integer.parseInt(args[8]); i += 1) {
      producers.add(new KafkaProducer<>(config));
    }
    byte[] value = new byte[Integer.parseInt(args[7])];
    send(Long.parseLong(args[4]), 0, value);
    latencyMicros.reset();
    System.out.println("measuring");
    long records = Long.parseLong(args[5]);
    long cpu = cpuNanos();
    double seconds = send(records, Double.parseDouble(args[6]), value);
    report(records, seconds, (cpuNanos() - cpu) / 1e9);
    producers.forEach(KafkaProducer::close);
  }

  /** Sends and waits for all acknowledgements; returns the seconds that took. */
  private double send(long records, double rate, byte[] value) {
    long start = System.nanoTime();
    for (long i = 0; i < records; i += 1) {
      long due = rate > 0 ? start + (long) (i * 1e9 / rate) : System.nanoTime();
      for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
        LockSupport.parkNanos(wait);
      }
      producers
          .get((int) (i % producers.size()))
          .send(
              new ProducerRecord<>(prefix + "-" + i % topics, 0, null, value),
              (metadata, error) -> acknowledged(due, error));
    }
    producers.forEach(KafkaProducer::flush);
    return (System.nanoTime() - start) / 1e9;
  }

  private void acknowledged(long due, Exception error) {
    if (error != null) {
      failed.incrementAndGet();
    } else {
      latencyMicros.recordValue(Math.max(0, (System.nanoTime() - due) / 1000));
    }
  }

  private static long cpuNanos() {
    OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
    return ((com.sun.management.OperatingSystemMXBean) system).getProcessCpuTime();
  }

  private void report(long records, double seconds, double clientCpu) {
    System.out.printf(
        Locale.ROOT,
        "result perSecond=%.1f p50Ms=%.3f p99Ms=%.3f failed=%d clientCpuSeconds=%.2f"
            + " recordsPerRequest=%.2f%n",
        (records - failed.get()) / seconds,
        latencyMicros.getValueAtPercentile(50) / 1e3,
        latencyMicros.getValueAtPercentile(99) / 1e3,
        failed.get(),
        clientCpu,
        metric(producers.get(0), "records-per-request-avg"));
  }

  private static double metric(KafkaProducer<byte[], byte[]> producer, String name) {
    for (Metric metric : producer.metrics().values()) {
      if (metric.metricName().name().equals(name)
          && metric.metricName().group().equals("producer-metrics")) {
        return (Double) metric.metricValue();
      }
    }
    return Double.NaN;
  }

  private void count(String bootstrap) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (int i = 0; i < topics; i += 1) {
      partitions.add(new TopicPartition(prefix + "-" + i, 0));
    }
    Map<String, Object> config =
        Map.of(
            "bootstrap.servers", bootstrap,
            "key.deserializer", ByteArrayDeserializer.class,
            "value.deserializer", ByteArrayDeserializer.class);
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config)) {
      long sum =
          consumer.endOffsets(partitions).values().stream().mapToLong(Long::longValue).sum();
      System.out.println("result records=" + sum);
    }
  }
}
