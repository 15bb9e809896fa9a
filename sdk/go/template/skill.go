// Greets somebody by name and counts the greetings.
package main

import (
	"fmt"
	"strconv"
	"strings"

	"skillet"
	"skillet/kv"
)

type Input struct {
	Name string `json:"name"`
}

type Output struct {
	Text  string `json:"text"`
	Count int    `json:"count"`
}

func Run(call skillet.Call, input Input) (Output, error) {
	name := strings.TrimSpace(input.Name)
	if name == "" {
		return Output{}, skillet.InvalidInput("the name is empty")
	}
	count, err := countUp()
	if err != nil {
		return Output{}, err
	}
	text := fmt.Sprintf("Hello, %s! This is time %d.", name, count)
	if call.IsChinese() {
		text = fmt.Sprintf("你好，%s！这是第 %d 次。", name, count)
	}
	return Output{text, count}, nil
}

// countUp adds one to what is kept for this user, also when other calls do the same.
func countUp() (int, error) {
	for {
		kept, found, err := kv.Get("count")
		if err != nil {
			return 0, err
		}
		count := 1
		if found {
			if count, err = strconv.Atoi(string(kept)); err != nil {
				return 0, err
			}
			count++
		}
		set, err := kv.CompareAndSet("count", kept, []byte(strconv.Itoa(count)))
		if set || err != nil {
			return count, err
		}
	}
}

func init() { skillet.Register(Run) }

func main() {}
