// franz-go: kgo to produce and consume, kadm for the rest.
package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"polymq.dev/clients/serve"
)

const timeout = 20 * time.Second

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

var acknowledgements = map[int]kgo.Acks{
	0:  kgo.NoAck(),
	1:  kgo.LeaderAck(),
	-1: kgo.AllISRAcks(),
}

type member struct {
	client *kgo.Client
	topic  string
	inbox  serve.Inbox
	done   chan struct{}

	mutex    sync.Mutex
	assigned []int32
}

func (m *member) own(change func(owned []int32) []int32) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.assigned = change(m.assigned)
}

func (m *member) read() {
	defer close(m.done)
	for {
		fetches := m.client.PollFetches(context.Background())
		if fetches.IsClientClosed() {
			return
		}
		fetches.EachRecord(func(record *kgo.Record) {
			taken := serve.Taken{
				Partition:   record.Partition,
				Offset:      record.Offset,
				Key:         string(record.Key),
				Value:       string(record.Value),
				TimestampMs: record.Timestamp.UnixMilli(),
			}
			for _, header := range record.Headers {
				if header.Key == "case" {
					taken.Header = string(header.Value)
				}
			}
			m.inbox.Add(taken)
		})
	}
}

type franz struct {
	client  *kgo.Client
	admin   *kadm.Client
	members map[string]*member
}

func within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), timeout)
}

func (f *franz) CreateTopic(topic string, partitions int32) error {
	ctx, cancel := within()
	defer cancel()
	_, err := f.admin.CreateTopic(ctx, partitions, 1, nil, topic)
	return err
}

func (f *franz) Partitions(topic string) (int32, error) {
	ctx, cancel := within()
	defer cancel()
	found, err := f.admin.ListTopics(ctx, topic)
	return int32(len(found[topic].Partitions)), err
}

func (f *franz) Produce(what serve.Produce) error {
	ctx, cancel := within()
	defer cancel()
	options := []kgo.Opt{
		kgo.SeedBrokers(serve.Bootstrap()),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.RequiredAcks(acknowledgements[what.Acks]),
		kgo.ProducerBatchCompression(codecs[what.Codec]),
	}
	if !what.Idempotent {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	producer, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer producer.Close()
	records := make([]*kgo.Record, len(what.Records))
	for i, record := range what.Records {
		records[i] = &kgo.Record{
			Topic:     what.Topic,
			Partition: record.Partition,
			Key:       []byte(record.Key),
			Value:     []byte(record.Value),
			Timestamp: time.UnixMilli(record.TimestampMs),
			Headers:   []kgo.RecordHeader{{Key: "case", Value: []byte(what.Header)}},
		}
	}
	return producer.ProduceSync(ctx, records...).FirstErr()
}

func (f *franz) Join(name, group, topic string) error {
	m := &member{topic: topic, done: make(chan struct{})}
	lose := func(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
		m.own(func(owned []int32) []int32 {
			return slices.DeleteFunc(owned, func(p int32) bool { return slices.Contains(lost[topic], p) })
		})
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(serve.Bootstrap()),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.SessionTimeout(10*time.Second),
		kgo.HeartbeatInterval(300*time.Millisecond),
		kgo.FetchMaxWait(200*time.Millisecond),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, got map[string][]int32) {
			m.own(func(owned []int32) []int32 { return append(owned, got[topic]...) })
		}),
		kgo.OnPartitionsRevoked(lose),
		kgo.OnPartitionsLost(lose),
	)
	if err != nil {
		return err
	}
	m.client = client
	f.members[name] = m
	go m.read()
	return nil
}

func (f *franz) find(name string) (*member, error) {
	if m := f.members[name]; m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("no member %s", name)
}

func (f *franz) State(name string) (serve.MemberState, error) {
	m, err := f.find(name)
	if err != nil {
		return serve.MemberState{}, err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	assigned := append([]int32{}, m.assigned...)
	return serve.MemberState{Assigned: assigned, Taken: m.inbox.HandOut()}, nil
}

func (f *franz) Commit(name string) error {
	m, err := f.find(name)
	if err != nil {
		return err
	}
	ctx, cancel := within()
	defer cancel()
	var records []*kgo.Record
	for partition, next := range m.inbox.ToCommit() {
		records = append(records, &kgo.Record{
			Topic: m.topic, Partition: partition, Offset: next - 1, LeaderEpoch: -1,
		})
	}
	return m.client.CommitRecords(ctx, records...)
}

func (f *franz) Leave(name string) error {
	m, err := f.find(name)
	if err != nil {
		return err
	}
	delete(f.members, name)
	m.client.Close()
	<-m.done
	return nil
}

func (f *franz) Committed(group, topic string) (serve.Offsets, error) {
	ctx, cancel := within()
	defer cancel()
	found, err := f.admin.FetchOffsetsForTopics(ctx, group, topic)
	if err != nil {
		return nil, err
	}
	offsets := serve.Offsets{}
	for partition, row := range found[topic] {
		if row.Err != nil {
			return nil, row.Err
		}
		offsets[partition] = row.At
	}
	return offsets, nil
}

func (f *franz) ResetByTime(group, topic string, timestampMs int64) (serve.Offsets, error) {
	ctx, cancel := within()
	defer cancel()
	found, err := f.admin.ListOffsetsAfterMilli(ctx, timestampMs, topic)
	if err != nil {
		return nil, err
	}
	if err := f.admin.CommitAllOffsets(ctx, group, found.Offsets()); err != nil {
		return nil, err
	}
	offsets := serve.Offsets{}
	found.Each(func(row kadm.ListedOffset) { offsets[row.Partition] = row.Offset })
	return offsets, found.Error()
}

func main() {
	client, err := kgo.NewClient(kgo.SeedBrokers(serve.Bootstrap()))
	if err != nil {
		panic(err)
	}
	f := &franz{client: client, admin: kadm.NewClient(client), members: map[string]*member{}}
	serve.Serve(f)
	for _, m := range f.members {
		m.client.Close()
	}
	client.Close()
}
