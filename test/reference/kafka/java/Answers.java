package reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.protocol.Errors;

/**
 * Asks questions and prints one JSON line for each: its id, the normalised answer, and the human
 * messages, which are shown but never compared. What a question throws is its answer.
 */
final class Answers {
    static final ObjectMapper JSON = new ObjectMapper();

    private final PrintStream out;
    private final String only;
    private final Normal normal;
    private final Set<String> asked = new HashSet<>();

    Answers(PrintStream out, String only, Normal normal) {
        this.out = out;
        this.only = only;
        this.normal = normal;
    }

    /** True when some question of the area can be wanted. */
    boolean wantsArea(String area) {
        return only.startsWith(area + ".") || area.startsWith(only);
    }

    void ask(String id, Callable<?> question) {
        if (!asked.add(id)) throw new IllegalStateException("asked twice: " + id);
        Object answer;
        try {
            answer = question.call();
        } catch (Exception e) {
            answer = failure(e);
        }
        if (id.startsWith(only)) print(id, answer);
    }

    private void print(String id, Object answer) {
        Set<String> messages = new TreeSet<>();
        JsonNode tree = normal.normalise(JSON.valueToTree(answer), messages);
        ObjectNode line = JSON.createObjectNode();
        line.put("id", id);
        line.set("answer", tree);
        if (!messages.isEmpty()) line.put("message", String.join("; ", messages));
        out.println(line);
        out.flush();
    }

    /** What an exception says: its class, the error of the protocol, and its message. */
    static Map<String, Object> failure(Throwable thrown) {
        Throwable e = thrown;
        while (e instanceof ExecutionException && e.getCause() != null) e = e.getCause();
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("exception", e.getClass().getSimpleName());
        if (e instanceof ApiException) said.put("error", Errors.forException(e).name());
        said.put("errorMessage", String.valueOf(e.getMessage()));
        return said;
    }
}
