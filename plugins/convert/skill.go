// Converts units, number bases and times between zones, exactly where there is an exact answer.
package main

import (
	"cmp"
	_ "embed"
	"strings"
	"time"
	_ "time/tzdata"

	"skillet"
)

type Input struct {
	Value string `json:"value"`
	From  string `json:"from"`
	To    string `json:"to"`
}

type Output struct {
	// Value is the result alone: a number, its digits, or a time as 15:04.
	Value string `json:"value"`
	Text  string `json:"text"`
}

// say picks the user's language, and home is their zone. An instance runs one call, so they may be variables.
var say func(english, chinese string) string
var home name

func wrong(english, chinese string) (Output, error) {
	return Output{}, skillet.InvalidInput(say(english, chinese))
}

func Run(call skillet.Call, input Input) (Output, error) {
	say = func(english, chinese string) string {
		if call.IsChinese() {
			return chinese
		}
		return english
	}
	implied := map[string]string{"zone": call.TimeZone, "base": "decimal"}
	if prefix := input.Value[:min(2, len(input.Value))]; find(prefix).kind == "base" {
		implied["base"] = prefix
	}
	home = find(call.TimeZone)
	to := find(cmp.Or(input.To, call.TimeZone))
	from := find(cmp.Or(input.From, implied[to.kind]))
	return convert(input.Value, from, to)
}

func convert(value string, from, to name) (Output, error) {
	for _, it := range []name{to, from} {
		switch it.kind {
		case "":
			return wrong("`"+it.shown+"` is no unit, base or place that is known here", "不认识“"+it.shown+"”这个单位、进制或地点")
		case "currency":
			return wrong("currencies are not converted here: this skill knows no rates of today", "这里不换算货币：本技能不知道当天的汇率")
		}
	}
	switch {
	case from.kind != to.kind:
		return wrong(from.shown+" and "+to.shown+" do not measure the same", from.shown+"和"+to.shown+"不是同一类")
	case to.kind == "base":
		return inBase(value, from, to)
	case to.kind == "zone":
		return inZone(value, from, to)
	}
	return inUnit(value, from, to)
}

// table has a line for each name: its kind, its worth, how it is shown in English (- for a space)
// and in Chinese, and what else it is called. The worth of a unit is its factor; a temperature's
// has what is added before it too.
//
//go:embed names.txt
var table string

type name struct{ kind, worth, shown string }

// find gives an unknown name no kind. Every IANA zone is known.
func find(written string) name {
	wanted := plain(written)
	for line := range strings.Lines(table) {
		columns := strings.Fields(line)
		for _, known := range columns[2:] {
			if plain(known) == wanted {
				return name{columns[0], columns[1], say(strings.ReplaceAll(columns[2], "-", " "), columns[3])}
			}
		}
	}
	if _, err := time.LoadLocation(written); err == nil && strings.Contains(written, "/") {
		return name{"zone", written, written}
	}
	return name{shown: cmp.Or(written, say("nothing", "空"))}
}

var spelling = strings.NewReplacer(" ", "", ".", "", "-", "", "_", "", "°", "", "℃", "c", "℉", "f", "²", "2", "³", "3", "degrees", "", "degree", "", "time", "", "时间", "")

func plain(written string) string {
	return spelling.Replace(strings.TrimPrefix(strings.ToLower(written), "the "))
}

func init() { skillet.Register(Run) }

func main() {}
