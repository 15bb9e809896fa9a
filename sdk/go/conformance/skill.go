// Does one thing with each part of the SDK, for the tests that every SDK passes.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"skillet"
	"skillet/clock"
	"skillet/config"
	"skillet/http"
	"skillet/jobs"
	"skillet/kv"
	"skillet/llm"
	"skillet/log"
	"skillet/memory"
	"skillet/messages"
	"skillet/progress"
	"skillet/random"
	"skillet/settings"
	"skillet/skills"
)

type Input struct {
	Do       string          `json:"do"`
	Text     string          `json:"text"`
	Kind     string          `json:"kind"`
	Key      string          `json:"key"`
	Value    string          `json:"value"`
	Expected *string         `json:"expected"`
	Prefix   string          `json:"prefix"`
	URL      string          `json:"url"`
	Level    string          `json:"level"`
	Done     uint32          `json:"done"`
	Total    uint32          `json:"total"`
	Note     string          `json:"note"`
	Length   int             `json:"length"`
	Query    string          `json:"query"`
	Prompt   string          `json:"prompt"`
	AtMS     int64           `json:"at_ms"`
	Skill    string          `json:"skill"`
	Input    json.RawMessage `json:"input"`
}

type Output map[string]any

func Run(call skillet.Call, input Input) (Output, error) {
	switch input.Do {
	case "echo":
		return Output{"text": input.Text}, nil
	case "call":
		return Output{
			"id": call.ID, "attempt": call.Attempt, "locale": call.Locale,
			"time_zone": call.TimeZone, "deadline_ms": call.Deadline.Milliseconds(),
		}, nil
	case "fail":
		return nil, fail(input.Kind, input.Text)
	case "panic":
		panic(input.Text)
	case "quit":
		go panic(input.Text)
		<-make(chan bool)
	case "spin":
		for {
		}
	case "fill":
		fill()
	}
	if output, err := store(input); output != nil || err != nil {
		return output, err
	}
	if output, err := ask(input); output != nil || err != nil {
		return output, err
	}
	return nil, skillet.InvalidInput(fmt.Sprintf("cannot do %q", input.Do))
}

func fail(kind, text string) error {
	switch kind {
	case "invalid-input":
		return skillet.InvalidInput(text)
	case "unavailable":
		return skillet.Unavailable(text)
	case "denied":
		return skillet.Denied(text)
	default:
		return skillet.Failed(text)
	}
}

func fill() {
	var all [][]byte
	for {
		block := make([]byte, 1<<20)
		block[len(block)-1] = 1
		all = append(all, block)
	}
}

// store answers what only needs the skill's own storage, and the interfaces that need no grant.
func store(input Input) (Output, error) {
	switch input.Do {
	case "kv_set":
		return Output{}, kv.Set(input.Key, []byte(input.Value))
	case "kv_get":
		value, found, err := kv.Get(input.Key)
		return Output{"value": textOrNull(string(value), found)}, err
	case "kv_swap":
		var expected []byte
		if input.Expected != nil {
			expected = []byte(*input.Expected)
		}
		set, err := kv.CompareAndSet(input.Key, expected, []byte(input.Value))
		return Output{"set": set}, err
	case "kv_delete":
		return Output{}, kv.Delete(input.Key)
	case "kv_list":
		keys, err := kv.Keys(input.Prefix, 100)
		return Output{"keys": keys}, err
	case "log":
		write(input.Level, input.Text)
		return Output{}, nil
	case "progress":
		progress.Report(input.Done, input.Total, input.Note)
		return Output{}, nil
	case "clock":
		return Output{"now_ms": clock.Now().UnixMilli()}, nil
	case "random":
		return Output{"hex": hex.EncodeToString(random.Bytes(input.Length))}, nil
	case "settings":
		return Output{"value": textOrNull(settings.Get(input.Key))}, nil
	}
	return nil, nil
}

func textOrNull(text string, found bool) *string {
	if !found {
		return nil
	}
	return &text
}

func write(level, text string) {
	switch level {
	case "debug":
		log.Debug(text)
	case "warn":
		log.Warn(text)
	case "error":
		log.Error(text)
	default:
		log.Info(text)
	}
}

// ask answers what needs the rest of the agent.
func ask(input Input) (Output, error) {
	switch input.Do {
	case "http":
		response, err := http.Request{
			URL:     input.URL,
			Headers: []http.Header{{Name: "x-conformance", Value: "yes"}},
			Timeout: 5 * time.Second,
		}.Send()
		return Output{"status": response.Status, "body": response.Text()}, err
	case "remember":
		return Output{}, memory.RememberAs(input.Key, input.Text)
	case "search":
		facts, err := memory.Search(input.Query, 10)
		keys := []string{}
		for _, fact := range facts {
			keys = append(keys, fact.Key)
		}
		return Output{"keys": keys}, err
	case "llm":
		request := llm.Request{Instructions: "Answer.", Prompt: input.Prompt, MaxOutputTokens: 64}
		answer, err := request.Complete()
		return Output{"text": answer.Text}, err
	case "send":
		id, err := messages.Send(input.Text)
		return Output{"id": id}, err
	case "schedule":
		payload := map[string]string{"text": input.Text}
		id, err := jobs.Job{Kind: "reminder", At: time.UnixMilli(input.AtMS), Payload: payload}.Schedule()
		return Output{"id": id}, err
	case "skill":
		output, err := skills.Call[json.RawMessage](input.Skill, input.Input)
		return Output{"output": output}, err
	case "config":
		value, err := config.Get(input.Key)
		return Output{"value": value}, err
	}
	return nil, nil
}

func init() { skillet.Register(Run) }

func main() {}
