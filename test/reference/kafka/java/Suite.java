package reference;

import java.io.FileOutputStream;
import java.io.FileDescriptor;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;

/**
 * The behaviour suite. Arguments: the address of a fresh broker, and optionally a prefix of the
 * questions to ask. Prints one JSON line for each question; see Answers.
 */
public final class Suite {
    private Suite() {}

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0];
        String only = arguments.length > 1 ? arguments[1] : "";
        PrintStream out =
            new PrintStream(new FileOutputStream(FileDescriptor.out), false,
                StandardCharsets.UTF_8);
        try (Admin admin = Admin.create(Session.client(bootstrap))) {
            int node = admin.describeCluster().nodes().get().iterator().next().id();
            Answers answers = new Answers(out, only, new Normal(bootstrap, node));
            Session session = new Session(bootstrap, admin, answers);
            warmUp(session);
            for (Area area : areas(session)) if (answers.wantsArea(area.name)) run(area);
        }
        System.exit(0);
    }

    /** A broker that cannot even do this is asked all the same: its answers will tell. */
    private static void warmUp(Session session) {
        try {
            session.warmUp();
        } catch (Exception e) {
            System.err.println("cannot warm up: " + e);
        }
    }

    /** An area that cannot prepare its questions fails alone, and says so as an answer. */
    private static void run(Area area) {
        long startedMs = System.currentTimeMillis();
        area.ask("completed", () -> {
            area.run();
            return true;
        });
        System.err.printf("%s: %d ms%n", area.name, System.currentTimeMillis() - startedMs);
    }

    private static List<Area> areas(Session session) {
        return List.of(
            new Cluster(session),
            new Topics(session),
            new Partitions(session),
            new Configs(session),
            new BrokerKeys(session),
            new TopicConfigs(session),
            new Metadata(session),
            new Produce(session),
            new Idempotence(session),
            new Fetch(session),
            new Offsets(session),
            new Commits(session),
            new ClassicGroups(session),
            new Groups(session),
            new Clients(session));
    }
}
