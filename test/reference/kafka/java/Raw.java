package reference;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;

/**
 * One plain connection that sends any request of the protocol, well-formed or not, and gives the
 * response as JSON. A closed connection and a missing answer are answers too.
 */
final class Raw implements AutoCloseable {
    private static final int ANSWER_WAIT_MS = 10_000;
    private static final JsonMapper LENIENT = JsonMapper.builder()
        .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
        .enable(JsonReadFeature.ALLOW_UNQUOTED_FIELD_NAMES)
        .build();

    private final String host;
    private final int port;
    private Socket socket;
    private int correlationId;

    Raw(String bootstrap) {
        int colon = bootstrap.lastIndexOf(':');
        host = bootstrap.substring(0, colon);
        port = Integer.parseInt(bootstrap.substring(colon + 1));
    }

    /** Sends the request that `json` describes (see Fill) and waits for its response. */
    JsonNode send(ApiKeys key, int version, String json, Object... arguments) throws Exception {
        return exchange(key, version, encode(key, version, json.formatted(arguments)));
    }

    /** The bytes of a request's body. */
    static ByteBuffer encode(ApiKeys key, int version, String json) throws Exception {
        ApiMessage request = ApiMessageType.fromApiKey(key.id).newRequest();
        Fill.fill(request, LENIENT.readTree(json));
        return MessageUtil.toByteBufferAccessor(request, (short) version).buffer();
    }

    /** The same, with a body that is already encoded. */
    JsonNode exchange(ApiKeys key, int version, ByteBuffer body) throws Exception {
        try {
            post(key.id, version, key.requestHeaderVersion((short) version), body);
            return response(key, version);
        } catch (SocketTimeoutException e) {
            return outcome("no answer");
        } catch (EOFException | SocketException e) {
            close();
            return outcome("closed");
        }
    }

    /** Sends a request without waiting; the key and version may be unknown to the protocol. */
    void post(int key, int version, int headerVersion, ByteBuffer body) throws IOException {
        connect();
        RequestHeaderData header = new RequestHeaderData().setClientId("raw")
            .setRequestApiKey((short) key).setRequestApiVersion((short) version)
            .setCorrelationId(++correlationId);
        ByteBuffer head = MessageUtil.toByteBufferAccessor(header, (short) headerVersion).buffer();
        ByteBuffer frame = ByteBuffer.allocate(4 + head.remaining() + body.remaining());
        frame.putInt(head.remaining() + body.remaining()).put(head).put(body);
        socket.getOutputStream().write(frame.array());
    }

    /** Sends bytes as they are. */
    void write(byte[] bytes) throws IOException {
        connect();
        socket.getOutputStream().write(bytes);
    }

    /** True when the other side has closed, false when it stays silent for `waitMs`. */
    boolean isClosed(int waitMs) throws IOException {
        socket.setSoTimeout(waitMs);
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (SocketException e) {
            return true;
        } finally {
            close();
        }
    }

    /** The next response on the connection, which must be of this kind or it ends. */
    JsonNode response(ApiKeys key, int version) throws Exception {
        try {
            return read(key, version);
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    private JsonNode read(ApiKeys key, int version) throws Exception {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        ByteBuffer bytes = ByteBuffer.wrap(in.readNBytes(in.readInt()));
        short headerVersion = key.responseHeaderVersion((short) version);
        new ResponseHeaderData(new ByteBufferAccessor(bytes), headerVersion);
        ApiMessage response = ApiMessageType.fromApiKey(key.id).newResponse();
        response.read(new ByteBufferAccessor(bytes), (short) version);
        JsonNode json = toJson(response, version);
        if (response instanceof FetchResponseData fetched) Batches.describeInto(json, fetched);
        return json;
    }

    private void connect() throws IOException {
        if (socket != null) return;
        socket = new Socket(host, port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(ANSWER_WAIT_MS);
    }

    private static JsonNode toJson(ApiMessage message, int version) throws Exception {
        Class<?> converter = Class.forName(message.getClass().getName() + "JsonConverter");
        return (JsonNode) converter.getMethod("write", message.getClass(), short.class,
            boolean.class)
            .invoke(null, message, (short) version, false);
    }

    private static ObjectNode outcome(String what) {
        return Answers.JSON.createObjectNode().put("connection", what);
    }

    @Override
    public void close() throws IOException {
        if (socket != null) socket.close();
        socket = null;
    }
}
