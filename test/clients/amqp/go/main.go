// amqp091-go as the runner drives it (../commands.ts): one channel to publish on with confirms, one a
// consumer, and one for each question that the broker may answer by closing the channel. It reads one
// JSON request a line from standard input, in order, and answers each on standard output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

type message struct {
	Body         string `json:"body"`
	MessageID    string `json:"messageId"`
	Header       string `json:"header"`
	Persistent   bool   `json:"persistent"`
	ExpirationMs *int   `json:"expirationMs,omitempty"`
}

type death struct {
	Queue  string `json:"queue"`
	Reason string `json:"reason"`
	Count  int64  `json:"count"`
}

type delivery struct {
	message
	Tag         uint64  `json:"tag"`
	Redelivered bool    `json:"redelivered"`
	Exchange    string  `json:"exchange"`
	RoutingKey  string  `json:"routingKey"`
	Deaths      []death `json:"deaths"`
}

// with holds the fields of every request; each command reads its own.
type with struct {
	Queue      string         `json:"queue"`
	Exchange   string         `json:"exchange"`
	Type       string         `json:"type"`
	RoutingKey string         `json:"routingKey"`
	Arguments  map[string]any `json:"arguments"`
	Mandatory  bool           `json:"mandatory"`
	Messages   []message      `json:"messages"`
	Consumer   string         `json:"consumer"`
	Prefetch   int            `json:"prefetch"`
	Tags       []uint64       `json:"tags"`
	How        string         `json:"how"`
}

type request struct {
	ID   int    `json:"id"`
	Do   string `json:"do"`
	With with   `json:"with"`
}

type consumer struct {
	channel *amqp.Channel
	tag     string
	done    chan struct{}
	mutex   sync.Mutex
	fresh   []delivery
	open    map[uint64]amqp.Delivery
}

type client struct {
	url        string
	connection *amqp.Connection
	publisher  *amqp.Channel
	returns    chan amqp.Return
	consumers  map[string]*consumer
}

func (c *client) connect() (err error) {
	if c.connection, err = amqp.Dial(c.url); err != nil {
		return err
	}
	if c.publisher, err = c.connection.Channel(); err != nil {
		return err
	}
	c.returns = c.publisher.NotifyReturn(make(chan amqp.Return, 1000))
	c.consumers = map[string]*consumer{}
	return c.publisher.Confirm(false)
}

// table makes whole numbers of JSON whole numbers of AMQP.
func table(arguments map[string]any) amqp.Table {
	out := amqp.Table{}
	for key, value := range arguments {
		if number, ok := value.(float64); ok {
			value = int64(number)
		}
		out[key] = value
	}
	return out
}

func deathsOf(headers amqp.Table) []death {
	out := []death{}
	entries, _ := headers["x-death"].([]any)
	for _, entry := range entries {
		fields := entry.(amqp.Table)
		count, _ := fields["count"].(int64)
		out = append(out, death{fields["queue"].(string), fields["reason"].(string), count})
	}
	return out
}

func deliveryOf(d amqp.Delivery) delivery {
	header, _ := d.Headers["case"].(string)
	return delivery{
		message: message{
			Body: string(d.Body), MessageID: d.MessageId, Header: header,
			Persistent: d.DeliveryMode == amqp.Persistent,
		},
		Tag: d.DeliveryTag, Redelivered: d.Redelivered,
		Exchange: d.Exchange, RoutingKey: d.RoutingKey, Deaths: deathsOf(d.Headers),
	}
}

func (c *client) publish(w with) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	confirms := []*amqp.DeferredConfirmation{}
	for _, m := range w.Messages {
		publishing := amqp.Publishing{
			Headers: amqp.Table{"case": m.Header}, MessageId: m.MessageID, Body: []byte(m.Body),
			DeliveryMode: amqp.Transient,
		}
		if m.Persistent {
			publishing.DeliveryMode = amqp.Persistent
		}
		if m.ExpirationMs != nil {
			publishing.Expiration = strconv.Itoa(*m.ExpirationMs)
		}
		confirm, err := c.publisher.PublishWithDeferredConfirmWithContext(
			ctx, w.Exchange, w.RoutingKey, w.Mandatory, false, publishing)
		if err != nil {
			return nil, err
		}
		confirms = append(confirms, confirm)
	}
	for _, confirm := range confirms {
		if acked, err := confirm.WaitContext(ctx); err != nil || !acked {
			return nil, fmt.Errorf("not confirmed: %v", err)
		}
	}
	returned := len(c.returns)
	for i := 0; i < returned; i++ {
		<-c.returns
	}
	return map[string]int{"returned": returned}, nil
}

func (c *client) inspect(w with) (any, error) {
	channel, err := c.connection.Channel()
	if err != nil {
		return nil, err
	}
	found, err := channel.QueueDeclarePassive(w.Queue, true, false, false, false, nil)
	var closed *amqp.Error
	if errors.As(err, &closed) && closed.Code == amqp.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return map[string]int{"messages": found.Messages, "consumers": found.Consumers}, channel.Close()
}

func (c *client) consume(w with) (any, error) {
	channel, err := c.connection.Channel()
	if err != nil {
		return nil, err
	}
	if err = channel.Qos(w.Prefetch, 0, false); err != nil {
		return nil, err
	}
	deliveries, err := channel.Consume(w.Queue, w.Consumer, false, false, false, false, nil)
	if err != nil {
		return nil, err
	}
	self := &consumer{channel: channel, tag: w.Consumer, done: make(chan struct{}),
		open: map[uint64]amqp.Delivery{}}
	c.consumers[w.Consumer] = self
	go func() {
		defer close(self.done)
		for d := range deliveries {
			self.mutex.Lock()
			self.open[d.DeliveryTag] = d
			self.fresh = append(self.fresh, deliveryOf(d))
			self.mutex.Unlock()
		}
	}()
	return nil, nil
}

func (c *client) take(w with) (any, error) {
	self := c.consumers[w.Consumer]
	self.mutex.Lock()
	defer self.mutex.Unlock()
	out := self.fresh
	self.fresh = nil
	if out == nil {
		out = []delivery{}
	}
	return out, nil
}

func (c *client) settle(w with) (any, error) {
	self := c.consumers[w.Consumer]
	self.mutex.Lock()
	defer self.mutex.Unlock()
	for _, tag := range w.Tags {
		d, found := self.open[tag]
		if !found {
			return nil, fmt.Errorf("no open delivery %d", tag)
		}
		delete(self.open, tag)
		var err error
		switch w.How {
		case "ack":
			err = d.Ack(false)
		case "requeue":
			err = d.Nack(false, true)
		default:
			err = d.Reject(false)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (c *client) cancel(w with) (any, error) {
	self := c.consumers[w.Consumer]
	delete(c.consumers, w.Consumer)
	if err := self.channel.Cancel(self.tag, false); err != nil {
		return nil, err
	}
	<-self.done
	return nil, self.channel.Close()
}

func (c *client) get(w with) (any, error) {
	found, ok, err := c.publisher.Get(w.Queue, false)
	if err != nil || !ok {
		return nil, err
	}
	return deliveryOf(found), found.Ack(false)
}

func (c *client) handle(do string, w with) (any, error) {
	switch do {
	case "declareExchange":
		return nil, c.publisher.ExchangeDeclare(w.Exchange, w.Type, true, false, false, false, nil)
	case "declareQueue":
		_, err := c.publisher.QueueDeclare(w.Queue, true, false, false, false, table(w.Arguments))
		return nil, err
	case "bind":
		return nil, c.publisher.QueueBind(w.Queue, w.RoutingKey, w.Exchange, false, table(w.Arguments))
	case "publish":
		return c.publish(w)
	case "inspect":
		return c.inspect(w)
	case "consume":
		return c.consume(w)
	case "take":
		return c.take(w)
	case "settle":
		return c.settle(w)
	case "cancel":
		return c.cancel(w)
	case "get":
		return c.get(w)
	case "purge":
		return c.publisher.QueuePurge(w.Queue, false)
	case "deleteQueue":
		_, err := c.publisher.QueueDelete(w.Queue, false, false, false)
		return nil, err
	case "reconnect":
		return nil, c.connect()
	}
	return nil, fmt.Errorf("no command %s", do)
}

func main() {
	c := &client{url: os.Getenv("BOOTSTRAP")}
	if err := c.connect(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := json.NewEncoder(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			break
		}
		var r request
		if err := json.Unmarshal(line, &r); err != nil {
			panic(err)
		}
		result, err := c.handle(r.Do, r.With)
		answer := struct {
			ID     int    `json:"id"`
			Result any    `json:"result"`
			Error  string `json:"error,omitempty"`
		}{ID: r.ID, Result: result}
		if err != nil {
			answer.Error = err.Error()
		}
		if err := output.Encode(answer); err != nil {
			panic(err)
		}
	}
	if err := c.connection.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
