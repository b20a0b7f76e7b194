package reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.common.protocol.Errors;

/**
 * Replaces what differs between two runs of the same broker (generated ids, addresses, the present
 * time) by a word in angle brackets, error codes by their names, and takes messages aside.
 */
final class Normal {
    private static final Set<String> NODES = Set.of("nodeId", "leaderId", "brokerId",
        "controllerId",
        "leader", "replicaNodes", "isrNodes", "replicas", "isr");
    private static final Pattern UUID =
        Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final List<String> IDENTITIES =
        List.of("name", "topic", "groupId", "index", "partitionIndex", "partition");
    private static final String NO_UUID = "AAAAAAAAAAAAAAAAAAAAAA";
    private static final long CLOCK_SLACK_MS = 60_000;

    private final String address;
    private final int port;
    private final int node;
    private final long startedMs = System.currentTimeMillis();

    Normal(String address, int node) {
        this.address = address;
        this.port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
        this.node = node;
    }

    JsonNode normalise(JsonNode value, Collection<String> messages) {
        return value(null, value, messages);
    }

    private JsonNode value(String key, JsonNode value, Collection<String> messages) {
        if (value instanceof ObjectNode object) return object(object, messages);
        if (value instanceof ArrayNode array) {
            List<JsonNode> copy = new ArrayList<>();
            for (JsonNode element : array) copy.add(value(key, element, messages));
            sort(copy);
            return JsonNodeFactory.instance.arrayNode().addAll(copy);
        }
        if (value.isTextual()) return text(key, value.asText());
        return value.isIntegralNumber() ? number(key, value) : value;
    }

    private ObjectNode object(ObjectNode object, Collection<String> messages) {
        ObjectNode copy = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            String key = field.getKey();
            if (key.equals("throttleTimeMs")) continue;
            if (key.toLowerCase().endsWith("errormessage")) {
                if (field.getValue().isTextual()) messages.add(plain(field.getValue().asText()));
            } else {
                copy.set(plain(key), value(key, field.getValue(), messages));
            }
        }
        return copy;
    }

    /** A list of named or numbered things has no order: Kafka shuffles some of them on purpose. */
    private static void sort(List<JsonNode> elements) {
        for (String key : IDENTITIES)
            if (elements.stream().allMatch(element -> element.hasNonNull(key)))
                elements.sort(Comparator.<JsonNode>comparingInt(element -> element.get(key).asInt())
                    .thenComparing(element -> element.get(key).asText()));
    }

    private JsonNode text(String key, String text) {
        if ("clusterId".equals(key)) return word("cluster");
        if ("topicId".equals(key)) return text.equals(NO_UUID)
            ? TextNode.valueOf(text) : word("uuid");
        return TextNode.valueOf(plain(text));
    }

    private String plain(String text) {
        return UUID.matcher(text).replaceAll("<uuid>").replace(address, "<address>");
    }

    private JsonNode number(String key, JsonNode value) {
        long n = value.asLong();
        if (key == null) return near(n) ? word("now") : value;
        if (NODES.contains(key) && n == node) return word("node");
        if (key.equals("port") && n == port) return word("port");
        if (key.equals("producerId") && n >= 0) return word("pid");
        if (key.equals("sessionId") && n != 0) return word("session");
        if (key.endsWith("rrorCode")) return TextNode.valueOf(Errors.forCode((short) n).name());
        return near(n) ? word("now") : value;
    }

    private boolean near(long time) {
        return Math.abs(time - startedMs) < CLOCK_SLACK_MS + System.currentTimeMillis() - startedMs;
    }

    private static JsonNode word(String name) {
        return TextNode.valueOf("<" + name + ">");
    }
}
