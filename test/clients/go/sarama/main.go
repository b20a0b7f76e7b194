// sarama, with version negotiation as it comes and its newest protocol version.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"polymq.dev/clients/serve"
)

var codecs = map[string]sarama.CompressionCodec{
	"none":   sarama.CompressionNone,
	"gzip":   sarama.CompressionGZIP,
	"snappy": sarama.CompressionSnappy,
	"lz4":    sarama.CompressionLZ4,
	"zstd":   sarama.CompressionZSTD,
}

func baseConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.ClientID = "suite"
	config.Version = sarama.MaxVersion
	return config
}

// member is a sarama.ConsumerGroupHandler that keeps what its claims deliver.
type member struct {
	group  sarama.ConsumerGroup
	topic  string
	inbox  serve.Inbox
	cancel context.CancelFunc
	done   chan struct{}

	mutex   sync.Mutex
	session sarama.ConsumerGroupSession
}

func (m *member) Setup(session sarama.ConsumerGroupSession) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.session = session
	return nil
}

func (m *member) Cleanup(sarama.ConsumerGroupSession) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.session = nil
	return nil
}

func (m *member) ConsumeClaim(s sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case <-s.Context().Done():
			return nil
		case message, open := <-claim.Messages():
			if !open {
				return nil
			}
			m.inbox.Add(taken(message))
		}
	}
}

func taken(message *sarama.ConsumerMessage) serve.Taken {
	record := serve.Taken{
		Partition:   message.Partition,
		Offset:      message.Offset,
		Key:         string(message.Key),
		Value:       string(message.Value),
		TimestampMs: message.Timestamp.UnixMilli(),
	}
	for _, header := range message.Headers {
		if string(header.Key) == "case" {
			record.Header = string(header.Value)
		}
	}
	return record
}

// consume joins again after every rebalance, as sarama asks of its users.
func (m *member) consume(ctx context.Context) {
	defer close(m.done)
	for ctx.Err() == nil {
		err := m.group.Consume(ctx, []string{m.topic}, m)
		if errors.Is(err, sarama.ErrClosedConsumerGroup) {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			time.Sleep(300 * time.Millisecond)
		}
	}
}

type client struct {
	members map[string]*member
}

// withAdmin asks through an admin client of its own.
func withAdmin(ask func(admin sarama.ClusterAdmin) error) error {
	admin, err := sarama.NewClusterAdmin([]string{serve.Bootstrap()}, baseConfig())
	if err != nil {
		return err
	}
	return errors.Join(ask(admin), admin.Close())
}

func (c *client) CreateTopic(topic string, partitions int32) error {
	return withAdmin(func(admin sarama.ClusterAdmin) error {
		detail := &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1}
		return admin.CreateTopic(topic, detail, false)
	})
}

func (c *client) Partitions(topic string) (count int32, err error) {
	err = withAdmin(func(admin sarama.ClusterAdmin) error {
		found, err := admin.DescribeTopics([]string{topic})
		if err == nil && len(found) == 1 {
			count = int32(len(found[0].Partitions))
		}
		return err
	})
	return count, err
}

func (c *client) Produce(what serve.Produce) error {
	config := baseConfig()
	config.Producer.RequiredAcks = sarama.RequiredAcks(what.Acks)
	config.Producer.Compression = codecs[what.Codec]
	config.Producer.Idempotent = what.Idempotent
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.Return.Successes = true
	if what.Idempotent {
		config.Net.MaxOpenRequests = 1
	}
	producer, err := sarama.NewSyncProducer([]string{serve.Bootstrap()}, config)
	if err != nil {
		return err
	}
	messages := make([]*sarama.ProducerMessage, len(what.Records))
	for i, record := range what.Records {
		messages[i] = &sarama.ProducerMessage{
			Topic:     what.Topic,
			Partition: record.Partition,
			Key:       sarama.StringEncoder(record.Key),
			Value:     sarama.StringEncoder(record.Value),
			Timestamp: time.UnixMilli(record.TimestampMs),
			Headers:   []sarama.RecordHeader{{Key: []byte("case"), Value: []byte(what.Header)}},
		}
	}
	return errors.Join(producer.SendMessages(messages), producer.Close())
}

func (c *client) Join(name, group, topic string) error {
	config := baseConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.Group.Session.Timeout = 10 * time.Second
	config.Consumer.Group.Heartbeat.Interval = 300 * time.Millisecond
	config.Consumer.MaxWaitTime = 200 * time.Millisecond
	joined, err := sarama.NewConsumerGroup([]string{serve.Bootstrap()}, group, config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &member{group: joined, topic: topic, cancel: cancel, done: make(chan struct{})}
	c.members[name] = m
	go m.consume(ctx)
	return nil
}

func (c *client) find(name string) (*member, error) {
	if m := c.members[name]; m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("no member %s", name)
}

func (c *client) State(name string) (serve.MemberState, error) {
	m, err := c.find(name)
	if err != nil {
		return serve.MemberState{}, err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	assigned := []int32{}
	if m.session != nil {
		assigned = append(assigned, m.session.Claims()[m.topic]...)
	}
	return serve.MemberState{Assigned: assigned, Taken: m.inbox.HandOut()}, nil
}

func (c *client) Commit(name string) error {
	m, err := c.find(name)
	if err != nil {
		return err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.session == nil {
		return errors.New("the member is between two generations")
	}
	for partition, next := range m.inbox.ToCommit() {
		m.session.MarkOffset(m.topic, partition, next, "")
	}
	m.session.Commit()
	return nil
}

func (c *client) Leave(name string) error {
	m, err := c.find(name)
	if err != nil {
		return err
	}
	delete(c.members, name)
	return m.leave()
}

func (m *member) leave() error {
	m.cancel()
	<-m.done
	return m.group.Close()
}

func (c *client) Committed(group, topic string) (serve.Offsets, error) {
	offsets := serve.Offsets{}
	partitions, err := c.Partitions(topic)
	if err != nil {
		return nil, err
	}
	err = withAdmin(func(admin sarama.ClusterAdmin) error {
		wanted := map[string][]int32{topic: {}}
		for p := range partitions {
			wanted[topic] = append(wanted[topic], p)
		}
		found, err := admin.ListConsumerGroupOffsets(group, wanted)
		if err != nil {
			return err
		}
		for partition, block := range found.Blocks[topic] {
			if block.Err != sarama.ErrNoError {
				return block.Err
			}
			offsets[partition] = block.Offset
		}
		if found.Err != sarama.ErrNoError {
			return found.Err
		}
		return nil
	})
	return offsets, err
}

func (c *client) ResetByTime(group, topic string, timestampMs int64) (serve.Offsets, error) {
	offsets := serve.Offsets{}
	asking, err := sarama.NewClient([]string{serve.Bootstrap()}, baseConfig())
	if err != nil {
		return nil, err
	}
	defer asking.Close()
	partitions, err := asking.Partitions(topic)
	if err != nil {
		return nil, err
	}
	places := map[int32]sarama.OffsetAndMetadata{}
	for _, partition := range partitions {
		offset, err := asking.GetOffset(topic, partition, timestampMs)
		if err == nil && offset < 0 {
			offset, err = asking.GetOffset(topic, partition, sarama.OffsetNewest)
		}
		if err != nil {
			return nil, err
		}
		offsets[partition] = offset
		places[partition] = sarama.OffsetAndMetadata{Offset: offset, LeaderEpoch: -1}
	}
	return offsets, withAdmin(func(admin sarama.ClusterAdmin) error {
		wanted := map[string]map[int32]sarama.OffsetAndMetadata{topic: places}
		answer, err := admin.AlterConsumerGroupOffsets(group, wanted, nil)
		if err != nil {
			return err
		}
		for _, code := range answer.Errors[topic] {
			if code != sarama.ErrNoError {
				return code
			}
		}
		return nil
	})
}

func main() {
	c := &client{members: map[string]*member{}}
	serve.Serve(c)
	for _, m := range c.members {
		if err := m.leave(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}
