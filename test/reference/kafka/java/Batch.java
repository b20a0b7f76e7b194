package reference;

import java.nio.ByteBuffer;
import java.util.Base64;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.SimpleRecord;
import org.apache.kafka.common.utils.Crc32C;

/** One record batch v2 as bytes, right at first, whose fields can then be made wrong one by one. */
final class Batch {
    /** The timestamp of the first record of a batch: in the past, so that it can be fixed. */
    static final long T0 = 1_700_000_000_000L;

    private static final int LENGTH = 8;
    private static final int LEADER_EPOCH = 12;
    private static final int MAGIC = 16;
    private static final int CRC = 17;
    private static final int ATTRIBUTES = 21;
    private static final int LAST_OFFSET_DELTA = 23;
    private static final int MAX_TIMESTAMP = 35;
    private static final int PRODUCER_EPOCH = 51;
    private static final int SEQUENCE = 53;
    private static final int COUNT = 57;

    private final ByteBuffer bytes;

    private Batch(MemoryRecords records) {
        bytes = ByteBuffer.allocate(records.sizeInBytes()).put(records.buffer().duplicate()).flip();
    }

    /** Records with the keys k0, k1, ... and timestamps one second apart. */
    static Batch of(String... values) {
        return compressed(Compression.NONE, values);
    }

    static Batch compressed(Compression codec, String... values) {
        return new Batch(MemoryRecords.withRecords(codec, records(T0, values)));
    }

    static Batch at(long timestamp, String... values) {
        return new Batch(MemoryRecords.withRecords(Compression.NONE, records(timestamp, values)));
    }

    /** One record for each timestamp. */
    static Batch atEach(long... timestamps) {
        SimpleRecord[] records = new SimpleRecord[timestamps.length];
        for (int i = 0; i < records.length; i++)
            records[i] = new SimpleRecord(timestamps[i], "k".getBytes(), "v".getBytes());
        return new Batch(MemoryRecords.withRecords(Compression.NONE, records));
    }

    static Batch withoutKey(String value) {
        SimpleRecord record = new SimpleRecord(T0, null, value.getBytes());
        return new Batch(MemoryRecords.withRecords(Compression.NONE, record));
    }

    static Batch idempotent(long producerId, int epoch, int sequence, String... values) {
        return new Batch(MemoryRecords.withIdempotentRecords(
            Compression.NONE, producerId, (short) epoch, sequence, records(T0, values)));
    }

    static Batch transactional(long producerId, int epoch, int sequence, String... values) {
        return new Batch(MemoryRecords.withTransactionalRecords(
            Compression.NONE, producerId, (short) epoch, sequence, records(T0, values)));
    }

    private static SimpleRecord[] records(long timestamp, String[] values) {
        SimpleRecord[] records = new SimpleRecord[values.length];
        for (int i = 0; i < values.length; i++)
            records[i] = new SimpleRecord(timestamp + i * 1000L, ("k" + i).getBytes(),
                values[i].getBytes());
        return records;
    }

    Batch baseOffset(long offset) {
        bytes.putLong(0, offset);
        return this;
    }

    Batch length(int length) {
        bytes.putInt(LENGTH, length);
        return this;
    }

    Batch leaderEpoch(int epoch) {
        bytes.putInt(LEADER_EPOCH, epoch);
        return this;
    }

    Batch magic(int magic) {
        bytes.put(MAGIC, (byte) magic);
        return this;
    }

    Batch attributes(int attributes) {
        bytes.putShort(ATTRIBUTES, (short) attributes);
        return sealed();
    }

    Batch lastOffsetDelta(int delta) {
        bytes.putInt(LAST_OFFSET_DELTA, delta);
        return sealed();
    }

    Batch maxTimestamp(long timestamp) {
        bytes.putLong(MAX_TIMESTAMP, timestamp);
        return sealed();
    }

    Batch sequence(int epoch, int sequence) {
        bytes.putShort(PRODUCER_EPOCH, (short) epoch).putInt(SEQUENCE, sequence);
        return sealed();
    }

    Batch count(int count) {
        bytes.putInt(COUNT, count);
        return sealed();
    }

    /** Overwrites the byte at `position` from the end, inside the records. */
    Batch byteFromEnd(int position, int value) {
        bytes.put(bytes.limit() - position, (byte) value);
        return sealed();
    }

    Batch brokenCrc() {
        bytes.putInt(CRC, bytes.getInt(CRC) ^ 1);
        return this;
    }

    private Batch sealed() {
        long crc = Crc32C.compute(bytes, ATTRIBUTES - bytes.position(), bytes.limit() - ATTRIBUTES);
        bytes.putInt(CRC, (int) crc);
        return this;
    }

    byte[] toBytes() {
        return bytes.array().clone();
    }

    @Override
    public String toString() {
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
