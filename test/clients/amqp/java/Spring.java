// Spring AMQP: RabbitAdmin declares, RabbitTemplate sends with confirms and returns and asks for
// answers, listener containers consume with retries, dead letters and batches. The protocol is that of
// ../script.ts.

import com.google.gson.GsonBuilder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.springframework.amqp.AmqpRejectAndDontRequeueException;
import org.springframework.amqp.core.Binding;
import org.springframework.amqp.core.BindingBuilder;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageListener;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.core.QueueBuilder;
import org.springframework.amqp.core.TopicExchange;
import org.springframework.amqp.rabbit.config.RetryInterceptorBuilder;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.CorrelationData;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.AbstractMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.DirectMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.adapter.MessageListenerAdapter;
import org.springframework.amqp.rabbit.retry.RejectAndDontRequeueRecoverer;

public class Spring {
  interface Body {
    void run() throws Exception;
  }

  private static final com.google.gson.Gson gson = new GsonBuilder().serializeNulls().create();

  static void it(String title, Body body) {
    Map<String, String> line = new HashMap<>();
    String error = null;
    try {
      body.run();
    } catch (Throwable thrown) {
      thrown.printStackTrace();
      error = thrown.toString();
    }
    line.put("error", error);
    String rest = gson.toJson(line).substring(1);
    System.out.println("{\"case\":" + gson.toJson(title) + "," + rest);
  }

  static void must(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }

  static void eventually(BooleanSupplier isDone, String what) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!isDone.getAsBoolean()) {
      if (System.nanoTime() > end) throw new AssertionError("after 60 s still not: " + what);
      Thread.sleep(50);
    }
  }

  static boolean confirmed(RabbitTemplate template, String exchange, String key, Object body)
      throws Exception {
    CorrelationData correlation = new CorrelationData();
    template.convertAndSend(exchange, key, body, correlation);
    boolean acked = correlation.getFuture().get(20, TimeUnit.SECONDS).isAck();
    return acked && correlation.getReturned() == null;
  }

  static <C extends AbstractMessageListenerContainer> C started(C container) {
    container.afterPropertiesSet();
    container.start();
    return container;
  }

  public static void main(String[] args) throws Exception {
    var factory = new CachingConnectionFactory(java.net.URI.create(System.getenv("BOOTSTRAP")));
    factory.setPublisherConfirmType(CachingConnectionFactory.ConfirmType.CORRELATED);
    factory.setPublisherReturns(true);
    RabbitAdmin admin = new RabbitAdmin(factory);
    RabbitTemplate template = new RabbitTemplate(factory);
    template.setMandatory(true);
    List<AbstractMessageListenerContainer> containers = new ArrayList<>();

    it("declares queues, exchanges and bindings", () -> {
      Queue jobs =
          QueueBuilder.durable("spring.jobs")
              .withArgument("x-dead-letter-exchange", "")
              .withArgument("x-dead-letter-routing-key", "spring.dead")
              .build();
      TopicExchange in = new TopicExchange("spring.in");
      Binding binding = BindingBuilder.bind(jobs).to(in).with("job.#");
      admin.declareQueue(jobs);
      for (String name : List.of("spring.dead", "spring.simple", "spring.rpc", "spring.batch"))
        admin.declareQueue(new Queue(name, true));
      admin.declareExchange(in);
      admin.declareBinding(binding);
      must(admin.getQueueInfo("spring.jobs").getMessageCount() == 0, "the queue is not empty");
      must(admin.getQueueInfo("spring.nothing") == null, "a queue that is not there was found");
    });

    it("sends with confirms; what no queue takes comes back", () -> {
      must(confirmed(template, "spring.in", "job.one", "first"), "it was not confirmed");
      must(!confirmed(template, "spring.in", "nowhere", "lost"), "it did not come back");
      Object got = template.receiveAndConvert("spring.jobs", 5_000);
      must("first".equals(got), "received " + got);
    });

    List<String> seen = Collections.synchronizedList(new ArrayList<>());
    it("a simple container consumes with prefetch and several consumers", () -> {
      var container = new SimpleMessageListenerContainer(factory);
      container.setQueueNames("spring.simple");
      container.setConcurrentConsumers(3);
      container.setPrefetchCount(5);
      container.setRecoveryInterval(500);
      container.setMessageListener((MessageListener) m -> seen.add(new String(m.getBody())));
      containers.add(started(container));
      for (int i = 0; i < 100; i++) template.convertAndSend("spring.simple", "simple " + i);
      eventually(() -> seen.size() == 100, "a hundred messages came");
      must(seen.stream().distinct().count() == 100, "a message came twice");
    });

    AtomicInteger tries = new AtomicInteger();
    it("a failing listener is retried, then the message is dead-lettered", () -> {
      var container = new DirectMessageListenerContainer(factory);
      container.setQueueNames("spring.jobs");
      container.setConsumersPerQueue(2);
      container.setDefaultRequeueRejected(false);
      container.setAdviceChain(
          RetryInterceptorBuilder.stateless()
              .maxAttempts(3)
              .backOffOptions(20, 2, 100)
              .recoverer(new RejectAndDontRequeueRecoverer())
              .build());
      container.setMessageListener(
          (MessageListener)
              m -> {
                tries.incrementAndGet();
                throw new IllegalStateException("as it should");
              });
      containers.add(started(container));
      must(confirmed(template, "spring.in", "job.two", "hopeless"), "it was not confirmed");
      Message dead = template.receive("spring.dead", 20_000);
      must(dead != null && "hopeless".equals(new String(dead.getBody())), "no dead letter came");
      var death = dead.getMessageProperties().getXDeathHeader().get(0);
      must("rejected".equals(death.get("reason")), "it died of " + death.get("reason"));
      must("spring.jobs".equals(death.get("queue")), "it died in " + death.get("queue"));
      must(tries.get() == 3, "it was tried " + tries.get() + " times");
    });

    it("a listener that says so rejects without a retry", () -> {
      containers.get(1).stop();
      var container = new DirectMessageListenerContainer(factory);
      container.setQueueNames("spring.jobs");
      container.setMessageListener(
          (MessageListener)
              m -> {
                throw new AmqpRejectAndDontRequeueException("no");
              });
      containers.add(started(container));
      template.convertAndSend("spring.in", "job.three", "refused");
      Message dead = template.receive("spring.dead", 20_000);
      must(dead != null && "refused".equals(new String(dead.getBody())), "no dead letter came");
    });

    it("a question gets its answer, over reply-to", () -> {
      var container = new SimpleMessageListenerContainer(factory);
      container.setQueueNames("spring.rpc");
      container.setRecoveryInterval(500);
      container.setMessageListener(
          new MessageListenerAdapter(
              new Object() {
                public String handleMessage(String text) {
                  return text.toUpperCase();
                }
              }));
      containers.add(started(container));
      template.setReplyTimeout(20_000);
      for (int i = 0; i < 20; i++) {
        Object answer = template.convertSendAndReceive("spring.rpc", "question " + i);
        must(("QUESTION " + i).equals(answer), "answered " + answer);
      }
    });

    it("a transaction of the channel is rolled back, another committed", () -> {
      var plain = new CachingConnectionFactory(java.net.URI.create(System.getenv("BOOTSTRAP")));
      RabbitTemplate transacted = new RabbitTemplate(plain);
      transacted.setChannelTransacted(true);
      transacted.execute(
          channel -> {
            channel.txSelect();
            channel.basicPublish("", "spring.batch", null, "undone".getBytes());
            channel.txRollback();
            channel.basicPublish("", "spring.batch", null, "done".getBytes());
            channel.txCommit();
            return null;
          });
      Object got = template.receiveAndConvert("spring.batch", 5_000);
      Object more = template.receiveAndConvert("spring.batch");
      plain.destroy();
      must(got instanceof byte[] body && "done".equals(new String(body)), "received " + got);
      must(more == null, "the message that was rolled back came");
    });

    System.out.println("{\"restart\":true}");
    System.in.read();

    it("after a restart template and containers go on by themselves", () -> {
      seen.clear();
      eventually(
          () -> {
            try {
              return confirmed(template, "", "spring.simple", "after");
            } catch (Exception error) {
              return false;
            }
          },
          "a message is confirmed");
      eventually(() -> seen.contains("after"), "it came");
      Object answer = template.convertSendAndReceive("spring.rpc", "still there");
      must("STILL THERE".equals(answer), "answered " + answer);
    });

    it("stops", () -> {
      for (var container : containers) container.stop();
      template.stop();
      factory.destroy();
    });
    System.exit(0);
  }
}
