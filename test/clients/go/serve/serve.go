// Package serve is the client's side of ../../lib/commands.ts for the clients in Go: it reads one JSON
// request a line from standard input, in order, and answers each on standard output.
package serve

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// Sent is a record to produce.
type Sent struct {
	Partition   int32  `json:"partition"`
	Key         string `json:"key"`
	Value       string `json:"value"`
	TimestampMs int64  `json:"timestampMs"`
}

// Taken is a record as a member of a group received it.
type Taken struct {
	Partition   int32  `json:"partition"`
	Offset      int64  `json:"offset"`
	Key         string `json:"key"`
	Value       string `json:"value"`
	Header      string `json:"header"`
	TimestampMs int64  `json:"timestampMs"`
}

// Produce says what to send and how.
type Produce struct {
	Topic      string `json:"topic"`
	Acks       int    `json:"acks"`
	Codec      string `json:"codec"`
	Idempotent bool   `json:"idempotent"`
	Header     string `json:"header"`
	Records    []Sent `json:"records"`
}

// MemberState is what a member owns now, and what it received since it was last asked.
type MemberState struct {
	Assigned []int32 `json:"assigned"`
	Taken    []Taken `json:"taken"`
}

// Offsets by partition.
type Offsets map[int32]int64

// Client is what a client library has to do.
type Client interface {
	CreateTopic(topic string, partitions int32) error
	Partitions(topic string) (int32, error)
	Produce(what Produce) error
	Join(member, group, topic string) error
	State(member string) (MemberState, error)
	Commit(member string) error
	Leave(member string) error
	Committed(group, topic string) (Offsets, error)
	ResetByTime(group, topic string, timestampMs int64) (Offsets, error)
}

// Inbox holds what a member has received and not handed out, and what of that is not committed.
type Inbox struct {
	mutex sync.Mutex
	taken []Taken
	next  Offsets
}

// Add takes a record in.
func (inbox *Inbox) Add(record Taken) {
	inbox.mutex.Lock()
	defer inbox.mutex.Unlock()
	inbox.taken = append(inbox.taken, record)
}

// HandOut gives all that came since the last call.
func (inbox *Inbox) HandOut() []Taken {
	inbox.mutex.Lock()
	defer inbox.mutex.Unlock()
	out := inbox.taken
	inbox.taken = nil
	if inbox.next == nil {
		inbox.next = Offsets{}
	}
	for _, record := range out {
		inbox.next[record.Partition] = record.Offset + 1
	}
	if out == nil {
		out = []Taken{}
	}
	return out
}

// ToCommit gives the next offset of all that was handed out since the last call.
func (inbox *Inbox) ToCommit() Offsets {
	inbox.mutex.Lock()
	defer inbox.mutex.Unlock()
	out := inbox.next
	inbox.next = nil
	return out
}

// Bootstrap is the `host:port` of the broker.
func Bootstrap() string {
	if address := os.Getenv("BOOTSTRAP"); address != "" {
		return address
	}
	return "127.0.0.1:9092"
}

type request struct {
	ID   int             `json:"id"`
	Do   string          `json:"do"`
	With json.RawMessage `json:"with"`
}

type answer struct {
	ID     int    `json:"id"`
	Result any    `json:"result,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Serve answers until standard input closes.
func Serve(client Client) {
	input := bufio.NewReader(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked request
		if err := json.Unmarshal(line, &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		result, err := handle(client, asked)
		reply := answer{ID: asked.ID, Result: result}
		if err != nil {
			reply = answer{ID: asked.ID, Error: err.Error()}
		}
		if err := output.Encode(reply); err != nil {
			return
		}
	}
}

func handle(client Client, asked request) (any, error) {
	if asked.Do == "produce" {
		var what Produce
		if err := json.Unmarshal(asked.With, &what); err != nil {
			return nil, err
		}
		return nil, client.Produce(what)
	}
	var with struct {
		Topic, Member, Group string
		Partitions           int32
		TimestampMs          int64
	}
	if err := json.Unmarshal(asked.With, &with); err != nil {
		return nil, err
	}
	switch asked.Do {
	case "createTopic":
		return nil, client.CreateTopic(with.Topic, with.Partitions)
	case "partitions":
		return client.Partitions(with.Topic)
	case "join":
		return nil, client.Join(with.Member, with.Group, with.Topic)
	case "state":
		return client.State(with.Member)
	case "commit":
		return nil, client.Commit(with.Member)
	case "leave":
		return nil, client.Leave(with.Member)
	case "committed":
		return client.Committed(with.Group, with.Topic)
	case "resetByTime":
		return client.ResetByTime(with.Group, with.Topic, with.TimestampMs)
	}
	return nil, fmt.Errorf("no command %s", asked.Do)
}
