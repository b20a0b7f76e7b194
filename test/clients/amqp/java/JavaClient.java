// The RabbitMQ Java client as the runner drives it (../commands.ts), with its automatic recovery, which
// is how it comes: after a restart channels, queues and consumers are there again by themselves. It
// reads one JSON request a line from standard input, in order, and answers each on standard output.

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

public class JavaClient {
  record Death(String queue, String reason, long count) {}

  record Delivery(
      long tag,
      String body,
      String messageId,
      String header,
      boolean persistent,
      boolean redelivered,
      String exchange,
      String routingKey,
      List<Death> deaths) {}

  /** What a consumer received and has not handed out. */
  static final class Running extends DefaultConsumer {
    final Channel channel;
    final List<Delivery> fresh = new ArrayList<>();
    String tag;

    Running(Channel channel) {
      super(channel);
      this.channel = channel;
    }

    @Override
    public void handleDelivery(
        String consumerTag, Envelope envelope, AMQP.BasicProperties properties, byte[] body) {
      synchronized (fresh) {
        fresh.add(deliveryOf(envelope, properties, body));
      }
    }
  }

  private static final Gson gson = new GsonBuilder().serializeNulls().create();
  private final Map<String, Running> consumers = new HashMap<>();
  private final AtomicInteger returned = new AtomicInteger();
  private final Connection connection;
  private final Channel publisher;

  JavaClient(String url) throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setUri(url);
    factory.setNetworkRecoveryInterval(500);
    connection = factory.newConnection();
    publisher = connection.createChannel();
    publisher.confirmSelect();
    publisher.addReturnListener(message -> returned.incrementAndGet());
  }

  static Delivery deliveryOf(Envelope envelope, AMQP.BasicProperties properties, byte[] body) {
    List<Death> deaths = new ArrayList<>();
    if (properties.getHeaders().get("x-death") instanceof List<?> entries)
      for (Object entry : entries) {
        Map<?, ?> fields = (Map<?, ?>) entry;
        String queue = fields.get("queue").toString();
        String reason = fields.get("reason").toString();
        deaths.add(new Death(queue, reason, ((Number) fields.get("count")).longValue()));
      }
    return new Delivery(
        envelope.getDeliveryTag(),
        new String(body, StandardCharsets.UTF_8),
        properties.getMessageId(),
        String.valueOf(properties.getHeaders().get("case")),
        Integer.valueOf(2).equals(properties.getDeliveryMode()),
        envelope.isRedeliver(),
        envelope.getExchange(),
        envelope.getRoutingKey(),
        deaths);
  }

  static Map<String, Object> table(JsonObject with) {
    Map<String, Object> out = new HashMap<>();
    for (Map.Entry<String, JsonElement> entry : with.getAsJsonObject("arguments").entrySet()) {
      var value = entry.getValue().getAsJsonPrimitive();
      if (value.isNumber()) out.put(entry.getKey(), value.getAsLong());
      else if (value.isBoolean()) out.put(entry.getKey(), value.getAsBoolean());
      else out.put(entry.getKey(), value.getAsString());
    }
    return out;
  }

  Object publish(JsonObject with) throws Exception {
    returned.set(0);
    for (JsonElement element : with.getAsJsonArray("messages")) {
      JsonObject message = element.getAsJsonObject();
      var properties = new AMQP.BasicProperties.Builder();
      properties.messageId(message.get("messageId").getAsString());
      properties.headers(Map.of("case", message.get("header").getAsString()));
      properties.deliveryMode(message.get("persistent").getAsBoolean() ? 2 : 1);
      if (message.has("expirationMs"))
        properties.expiration(message.get("expirationMs").getAsString());
      publisher.basicPublish(
          with.get("exchange").getAsString(),
          with.get("routingKey").getAsString(),
          with.get("mandatory").getAsBoolean(),
          properties.build(),
          message.get("body").getAsString().getBytes(StandardCharsets.UTF_8));
    }
    publisher.waitForConfirmsOrDie(20_000);
    return Map.of("returned", returned.get());
  }

  Object inspect(String queue) throws Exception {
    Channel channel = connection.createChannel();
    try {
      var found = channel.queueDeclarePassive(queue);
      channel.close();
      return Map.of("messages", found.getMessageCount(), "consumers", found.getConsumerCount());
    } catch (IOException error) {
      if (error.getCause() instanceof ShutdownSignalException closed
          && closed.getReason() instanceof AMQP.Channel.Close reason
          && reason.getReplyCode() == AMQP.NOT_FOUND) return null;
      throw error;
    }
  }

  Object consume(JsonObject with) throws Exception {
    Channel channel = connection.createChannel();
    channel.basicQos(with.get("prefetch").getAsInt());
    Running running = new Running(channel);
    running.tag = channel.basicConsume(with.get("queue").getAsString(), false, running);
    consumers.put(with.get("consumer").getAsString(), running);
    return null;
  }

  Object settle(Running running, JsonObject with) throws Exception {
    String how = with.get("how").getAsString();
    for (JsonElement element : with.getAsJsonArray("tags")) {
      long tag = element.getAsLong();
      if (how.equals("ack")) running.channel.basicAck(tag, false);
      else if (how.equals("requeue")) running.channel.basicNack(tag, false, true);
      else running.channel.basicReject(tag, false);
    }
    return null;
  }

  Object take(Running running) {
    synchronized (running.fresh) {
      List<Delivery> out = List.copyOf(running.fresh);
      running.fresh.clear();
      return out;
    }
  }

  Object cancel(String name) throws Exception {
    Running running = consumers.remove(name);
    running.channel.basicCancel(running.tag);
    running.channel.close();
    return null;
  }

  Object get(String queue) throws Exception {
    GetResponse found = publisher.basicGet(queue, false);
    if (found == null) return null;
    publisher.basicAck(found.getEnvelope().getDeliveryTag(), false);
    return deliveryOf(found.getEnvelope(), found.getProps(), found.getBody());
  }

  Object handle(String name, JsonObject with) throws Exception {
    String queue = with.has("queue") ? with.get("queue").getAsString() : "";
    String exchange = with.has("exchange") ? with.get("exchange").getAsString() : "";
    String consumer = with.has("consumer") ? with.get("consumer").getAsString() : "";
    switch (name) {
      case "declareExchange":
        publisher.exchangeDeclare(exchange, with.get("type").getAsString(), true);
        return null;
      case "declareQueue":
        publisher.queueDeclare(queue, true, false, false, table(with));
        return null;
      case "bind":
        publisher.queueBind(queue, exchange, with.get("routingKey").getAsString(), table(with));
        return null;
      case "publish":
        return publish(with);
      case "inspect":
        return inspect(queue);
      case "consume":
        return consume(with);
      case "take":
        return take(consumers.get(consumer));
      case "settle":
        return settle(consumers.get(consumer), with);
      case "cancel":
        return cancel(consumer);
      case "get":
        return get(queue);
      case "purge":
        return publisher.queuePurge(queue).getMessageCount();
      case "deleteQueue":
        publisher.queueDelete(queue);
        return null;
      case "reconnect":
        while (!connection.isOpen() || !publisher.isOpen()) Thread.sleep(50);
        return null;
      default:
        throw new IllegalArgumentException("no command " + name);
    }
  }

  public static void main(String[] args) throws Exception {
    JavaClient client = new JavaClient(System.getenv("BOOTSTRAP"));
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      JsonObject request = gson.fromJson(line, JsonObject.class);
      Map<String, Object> answer = new HashMap<>();
      answer.put("id", request.get("id").getAsInt());
      try {
        String name = request.get("do").getAsString();
        answer.put("result", client.handle(name, request.getAsJsonObject("with")));
      } catch (Exception error) {
        error.printStackTrace();
        answer.put("error", error.toString());
      }
      String text = gson.toJson(answer).substring(1);
      System.out.println("{\"id\":" + answer.get("id") + "," + text);
    }
    client.connection.close();
  }
}
