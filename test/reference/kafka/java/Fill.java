package reference;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.record.BaseRecords;
import org.apache.kafka.common.record.MemoryRecords;

/**
 * Fills a message of kafka-clients from JSON through its setters, so that a request can be written
 * as one line that names only the fields that differ from their defaults. Bytes are in base64.
 */
final class Fill {
    private Fill() {}

    static <T> T fill(T message, JsonNode json) throws ReflectiveOperationException {
        for (Map.Entry<String, JsonNode> field : json.properties()) {
            String name = field.getKey();
            Method setter = setter(message.getClass(), name);
            Type type = setter.getGenericParameterTypes()[0];
            setter.setAccessible(true);
            setter.invoke(message, value(type, field.getValue()));
        }
        return message;
    }

    private static Method setter(Class<?> type, String field) {
        String name = "set" + Character.toUpperCase(field.charAt(0)) + field.substring(1);
        for (Method method : type.getMethods())
            if (method.getName().equals(name) && method.getParameterCount() == 1) return method;
        throw new IllegalArgumentException(type.getSimpleName() + " has no field " + field);
    }

    private static Object value(Type type, JsonNode json) throws ReflectiveOperationException {
        if (json.isNull()) return null;
        if (type == String.class) return json.asText();
        if (type == boolean.class) return json.asBoolean();
        if (type == byte.class) return (byte) json.asInt();
        if (type == short.class) return (short) json.asInt();
        if (type == int.class) return json.asInt();
        if (type == long.class) return json.asLong();
        if (type == Uuid.class) return Uuid.fromString(json.asText());
        if (type == byte[].class) return Base64.getDecoder().decode(json.asText());
        if (type == ByteBuffer.class) return ByteBuffer.wrap(Base64.getDecoder()
            .decode(json.asText()));
        if (type == BaseRecords.class) return records(json.asText());
        if (type instanceof ParameterizedType list)
            return list(new ArrayList<>(), list.getActualTypeArguments()[0], json);
        Class<?> struct = (Class<?>) type;
        Object empty = struct.getDeclaredConstructor().newInstance();
        if (!(empty instanceof Collection)) return fill(empty, json);
        return collection(empty, (ParameterizedType) struct.getGenericSuperclass(), json);
    }

    @SuppressWarnings("unchecked")
    private static Object collection(Object empty, ParameterizedType type, JsonNode json)
            throws ReflectiveOperationException {
        return list((Collection<Object>) empty, type.getActualTypeArguments()[0], json);
    }

    private static Collection<Object> list(Collection<Object> into, Type type, JsonNode json)
            throws ReflectiveOperationException {
        Type element = boxed(type);
        for (JsonNode each : json) into.add(value(element, each));
        return into;
    }

    private static Type boxed(Type type) {
        if (type == Integer.class) return int.class;
        if (type == Long.class) return long.class;
        if (type == Short.class) return short.class;
        return type == Byte.class ? byte.class : type;
    }

    private static BaseRecords records(String base64) {
        return MemoryRecords.readableRecords(ByteBuffer.wrap(Base64.getDecoder().decode(base64)));
    }
}
