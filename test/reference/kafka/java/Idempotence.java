package reference;

import static org.apache.kafka.common.protocol.ApiKeys.DELETE_RECORDS;
import static org.apache.kafka.common.protocol.ApiKeys.DESCRIBE_PRODUCERS;
import static org.apache.kafka.common.protocol.ApiKeys.INIT_PRODUCER_ID;
import static org.apache.kafka.common.protocol.ApiKeys.PRODUCE;

/** Sequences and epochs of idempotent producers: duplicates, gaps, wraps, fencing. */
final class Idempotence extends Area {
    private static final String TOPIC = "id-one";

    Idempotence(Session session) {
        super("idempotence", session);
    }

    @Override
    void run() throws Exception {
        topic(TOPIC, 5);
        duplicates(newId());
        gaps(newId());
        epochs(newId());
        newcomers();
        wrap(newId());
        afterDeletion(newId());
        describe(newId());
    }

    private long newId() throws Exception {
        return send(INIT_PRODUCER_ID, 4, "{transactionalId: null}").get("producerId").asLong();
    }

    private void produce(String question, int partition, Batch batch) {
        ask(question, PRODUCE, 9, """
            {acks: -1, timeoutMs: 5000, topicData: [{name: '%s', partitionData: [
              {index: %d, records: '%s'}]}]}""", TOPIC, partition, batch);
    }

    private void duplicates(long id) {
        for (int i = 0; i < 7; i++)
            produce("duplicate.first." + i, 0, Batch.idempotent(id, 0, i * 2, "a", "b"));
        for (int i = 6; i >= 0; i--)
            produce("duplicate.again." + i, 0, Batch.idempotent(id, 0, i * 2, "a", "b"));
        produce("duplicate.partOfOne", 0, Batch.idempotent(id, 0, 12, "a"));
        produce("duplicate.longer", 0, Batch.idempotent(id, 0, 12, "a", "b", "c"));
        produce("duplicate.overTwo", 0, Batch.idempotent(id, 0, 11, "a", "b"));
        produce("duplicate.otherContent", 0, Batch.idempotent(id, 0, 12, "x", "y"));
        produce("duplicate.otherPartition", 1, Batch.idempotent(id, 0, 12, "a", "b"));
        produce("duplicate.next", 0, Batch.idempotent(id, 0, 14, "c"));
    }

    private void gaps(long id) {
        produce("gap.first", 0, Batch.idempotent(id, 0, 0, "a"));
        produce("gap.two", 0, Batch.idempotent(id, 0, 3, "a"));
        produce("gap.filled", 0, Batch.idempotent(id, 0, 1, "a", "b"));
        produce("gap.after", 0, Batch.idempotent(id, 0, 3, "a"));
        produce("gap.backToZero", 0, Batch.idempotent(id, 0, 0, "a", "b", "c", "d", "e"));
        produce("gap.noSequence", 0, Batch.idempotent(id, 0, 0, "a").sequence(0, -1));
        produce("gap.noEpoch", 0, Batch.idempotent(id, 0, 0, "a").sequence(-1, 4));
    }

    private void epochs(long id) {
        produce("epoch.first", 0, Batch.idempotent(id, 0, 0, "a"));
        produce("epoch.higher.notZero", 0, Batch.idempotent(id, 1, 1, "a"));
        produce("epoch.higher.zero", 0, Batch.idempotent(id, 1, 0, "a"));
        produce("epoch.lower", 0, Batch.idempotent(id, 0, 1, "a"));
        produce("epoch.lower.duplicate", 0, Batch.idempotent(id, 0, 0, "a"));
        produce("epoch.skipped", 0, Batch.idempotent(id, 9, 0, "a"));
        produce("epoch.next", 0, Batch.idempotent(id, 9, 1, "a"));
        produce("epoch.max", 0, Batch.idempotent(id, 32767, 0, "a"));
        produce("epoch.lower.version", 0, Batch.idempotent(id, 9, 2, "a"));
    }

    private void newcomers() throws Exception {
        produce("new.atFive", 0, Batch.idempotent(newId(), 0, 5, "a"));
        produce("new.atFive.epoch3", 0, Batch.idempotent(newId(), 3, 5, "a"));
        produce("new.neverGiven", 0, Batch.idempotent(123_456_789_012L, 0, 0, "a"));
        produce("new.negativeId", 0, Batch.idempotent(-5, 0, 0, "a"));
    }

    private void wrap(long id) {
        produce("wrap.nearMax", 2, Batch.idempotent(id, 0, Integer.MAX_VALUE - 1, "a"));
        produce("wrap.across", 2, Batch.idempotent(id, 0, Integer.MAX_VALUE, "a", "b", "c"));
        produce("wrap.across.again", 2, Batch.idempotent(id, 0, Integer.MAX_VALUE, "a", "b", "c"));
        produce("wrap.after", 2, Batch.idempotent(id, 0, 2, "a"));
        produce("wrap.gap", 2, Batch.idempotent(id, 0, 4, "a"));
    }

    private void afterDeletion(long id) {
        produce("deleted.first", 3, Batch.idempotent(id, 0, 0, "a", "b"));
        ask("deleted.delete", DELETE_RECORDS, 2, """
            {topics: [{name: '%s', partitions: [{partitionIndex: 3, offset: -1}]}],
              timeoutMs: 5000}""",
            TOPIC);
        produce("deleted.duplicate", 3, Batch.idempotent(id, 0, 0, "a", "b"));
        produce("deleted.gap", 3, Batch.idempotent(id, 0, 7, "a"));
        produce("deleted.next", 3, Batch.idempotent(id, 0, 2, "a"));
    }

    private void describe(long id) {
        produce("describe.first", 4, Batch.idempotent(id, 0, 0, "a"));
        ask("describe", DESCRIBE_PRODUCERS, 0,
            "{topics: [{name: '%s', partitionIndexes: [4, 9]}]}", TOPIC);
    }
}
