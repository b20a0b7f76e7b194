package reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.MemoryRecords;

/** Puts the batches of a fetch response into its JSON, which otherwise holds only their size. */
final class Batches {
    private Batches() {}

    static void describeInto(JsonNode json, FetchResponseData fetched) {
        for (int t = 0; t < fetched.responses().size(); t++) {
            var partitions = fetched.responses().get(t).partitions();
            for (int p = 0; p < partitions.size(); p++) {
                ObjectNode into = (ObjectNode) json.get("responses").get(t).get("partitions")
                    .get(p);
                into.remove("recordsSizeInBytes");
                into.set("records", describe(partitions.get(p)));
            }
        }
    }

    private static ArrayNode describe(FetchResponseData.PartitionData partition) {
        ArrayNode list = Answers.JSON.createArrayNode();
        if (!(partition.records() instanceof MemoryRecords records)) return list;
        for (RecordBatch batch : records.batches()) list.add(describe(batch));
        return list;
    }

    private static ObjectNode describe(RecordBatch batch) {
        ObjectNode node = Answers.JSON.createObjectNode();
        node.put("baseOffset", batch.baseOffset()).put("lastOffset", batch.lastOffset());
        node.put("partitionLeaderEpoch", batch.partitionLeaderEpoch())
            .put("valid", batch.isValid());
        node.put("compression", batch.compressionType().name);
        node.put("timestampType", batch.timestampType().name)
            .put("maxTimestamp", batch.maxTimestamp());
        node.put("producerId", batch.producerId()).put("producerEpoch", batch.producerEpoch());
        node.put("baseSequence", batch.baseSequence());
        ArrayNode records = node.putArray("records");
        for (Record record : batch) records.add(describe(record));
        return node;
    }

    private static ObjectNode describe(Record record) {
        ObjectNode node = Answers.JSON.createObjectNode().put("offset", record.offset());
        node.put("timestamp", record.timestamp()).put("key", text(record.key()));
        return node.put("value", text(record.value()));
    }

    private static String text(ByteBuffer bytes) {
        if (bytes == null) return null;
        String text = StandardCharsets.UTF_8.decode(bytes).toString();
        return text.length() > 40 ? text.length() + " characters" : text;
    }
}
