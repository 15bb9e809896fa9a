// What the manifest's triggers catch, and what they leave alone.
package tests

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

type trigger struct {
	pattern *regexp.Regexp
	// What the groups fill, where the fields are not named as they are.
	input map[string]string
}

// triggers are the manifest's, with the named patterns put in. Go has no flag for spaces in a pattern; none of these
// means one.
func triggers(t *testing.T) (all []trigger) {
	manifest, err := os.ReadFile("../skill.toml")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	written := regexp.MustCompile(`(?s)(\w+) = '''(.*?)'''(?:\ninput = \{(.*?) \}\n)?`)
	for _, found := range written.FindAllStringSubmatch(string(manifest), -1) {
		pattern := strings.NewReplacer(named...).Replace(strings.Join(strings.Fields(found[2]), ""))
		if found[1] != "pattern" {
			named = append(named, "(?&"+found[1]+")", "(?:"+pattern+")")
			continue
		}
		input := map[string]string{}
		for _, field := range regexp.MustCompile(`(\w+) = "(.*?)"`).FindAllStringSubmatch(found[3], -1) {
			input[field[1]] = field[2]
		}
		pattern = strings.NewReplacer("(?xi)", "(?i)", "(?x)", "").Replace(pattern)
		all = append(all, trigger{regexp.MustCompile(pattern), input})
	}
	return all
}

func caught(all []trigger, message string) string {
	for _, trigger := range all {
		match := trigger.pattern.FindStringSubmatch(message)
		if match == nil {
			continue
		}
		fields, groups := map[string]string{}, []string{}
		for at, name := range trigger.pattern.SubexpNames() {
			fields[name] = strings.TrimSpace(match[at])
			groups = append(groups, "{"+name+"}", fields[name])
		}
		if len(trigger.input) > 0 {
			clear(fields)
		}
		for field, template := range trigger.input {
			fields[field] = strings.TrimSpace(strings.NewReplacer(groups...).Replace(template))
		}
		return fields["value"] + "|" + fields["from"] + "|" + fields["to"]
	}
	return ""
}

func TestQuestionsAreCaught(t *testing.T) {
	cases := map[string]string{
		"5 miles in km": "5|miles|km",
		"convert 1,200 square feet to square metres":   "1,200|square feet|square metres",
		"What is 100 °F in celsius?":                   "100|°F|celsius",
		"what's -40 C to F":                            "-40|C|F",
		"72 F in C":                                    "72|F|C",
		"how many ounces in a pound":                   "1|pound|ounces",
		"How many cups are there in a gallon?":          "1|gallon|cups",
		"how many feet in a mile":                      "1|mile|feet",
		"70kg to lbs":                                  "70|kg|lbs",
		"How many feet are in 2 metres?":               "2|metres|feet",
		"how many ounces in 3 pounds":                  "3|pounds|ounces",
		"10 GiB to MB":                                 "10|GiB|MB",
		"100公里是多少英里？":                                  "100|公里|英里",
		"3斤等于多少克":                                      "3|斤|克",
		"把 37℃ 换算成华氏度":                                 "37|℃|华氏度",
		"255 in hex":                                   "255||hex",
		"0xff in decimal?":                             "0xff||decimal",
		"convert 1010 binary to base 7":                "1010|binary|base 7",
		"把255转成二进制":                                    "255||二进制",
		"十六进制的ff转换成十进制":                                "",
		"八进制17转十进制":                                    "17|八进制|十进制",
		"3pm Tokyo in London":                          "3pm|Tokyo|London",
		"what time is 15:30 New York time in Beijing?": "15:30|New York|Beijing",
		"北京时间下午3点是纽约几点":                                "下午3点|北京|纽约",
		"东京早上8点半，伦敦是几点？":                               "早上8点半|东京|伦敦",

		"what is 2026-12-01 15:30 Tokyo in London":          "2026-12-01 15:30|Tokyo|London",
		"What's December 1 at 3pm in New York in the UK?":   "December 1 at 3pm|New York|the UK",
		"1 Dec 2026 noon Berlin to UTC":                     "1 Dec 2026 noon|Berlin|UTC",
		"convert tomorrow 9am Pacific time to Tokyo time":   "tomorrow 9am|Pacific time|Tokyo",
		"what time is it in Tokyo when it's 3pm in London?": "3pm|London|Tokyo",
		"What time will it be in Sydney at 9:30 Paris time": "9:30|Paris|Sydney",
		"what is 3pm in Tokyo":                              "3pm||Tokyo",
		"what time is 15:30 in New York?":                   "15:30||New York",
		"what's tomorrow at noon in Tokyo":                  "tomorrow at noon||Tokyo",
		"what is 3pm my time in Tokyo":                      "3pm||Tokyo",
		"3pm in Berlin time":                                "3pm||Berlin",
		"15:30 to Tokyo time":                               "15:30||Tokyo",
		"what is 3pm Tokyo time":                            "3pm|Tokyo|",
		"what time is 3pm Tokyo time for me?":               "3pm|Tokyo|",
		"3pm in London in my time":                          "3pm|London|",
		"what time is it in Tokyo now":                      "now||Tokyo",
		"What time is it in Tokyo?":                         "now||Tokyo",
		"what time is it right now in the Netherlands?":     "now||the Netherlands",
		"what's the time in New York":                       "now||New York",
		"do you know what time it is in Seoul":              "now||Seoul",
		"current time in Hong Kong":                         "now||Hong Kong",
		"time in London":                                    "now||London",
		"北京时间12月1日下午3点是纽约几点":                                "12月1日下午3点|北京|纽约",
		"12月1日北京时间下午三点是纽约几点？":                               "12月1日 下午三点|北京|纽约",
		"东京2026-12-01 15:30是伦敦几点":                           "2026-12-01 15:30|东京|伦敦",
		"明天纽约时间上午九点半是北京什么时候":                                "明天 上午九点半|纽约|北京",
		"下午3点是东京几点":                                         "下午3点||东京",
		"我这里明天15:30在纽约是几点？":                                 "明天15:30||纽约",
		"东京时间下午3点是我这里几点":                                    "下午3点|东京|",
		"东京现在几点":                                            "now||东京",
		"现在纽约几点了？":                                          "now||纽约",
		"请问伦敦现在是几点钟":                                        "now||伦敦",
		"北京时间现在几点":                                          "now||北京",
		"东京现在的时间":                                           "now||东京",
		"what time is it":                                   "now||",
		"can you tell me what time it is right now?":        "now||",
		"What's the time?":                                  "now||",
		"现在几点":                                              "now||",
		"请问现在是什么时间？":                                        "now||",
		"几点了":                                               "now||",
		"what's the date today":                             "today||",
		"What day is it?":                                   "today||",
		"what day is tomorrow":                              "tomorrow||",
		"今天几号":                                              "今天||",
		"明天星期几？":                                            "明天||",
	}
	all := triggers(t)
	for message, wanted := range cases {
		if got := caught(all, message); got != wanted {
			t.Errorf("%s: %q, not %q", message, got, wanted)
		}
	}
}

func TestEverythingElseIsLeftAlone(t *testing.T) {
	messages := []string{
		"5 miles", "in 5 minutes", "I ran 5 miles in 40 minutes", "100 USD in EUR", "100美元是多少人民币",
		"remind me at 3pm to call Tokyo", "3pm in London", "meet 5 people in London", "2 feet in the grave",
		"what is 5 in chinese", "how many people in 3 pounds", "今天下午3点开会", "北京下午3点", "3米高的树", "10 in 10",
		"remind me at 3pm in Tokyo to call home", "at 3pm in Tokyo remind me to call", "what is 3pm in your calendar",
		"what is 3pm in Tokyo like", "what is 3pm", "3pm Tokyo", "3pm Tokyo time", "meet me at 3pm in Tokyo time square",
		"what time is the meeting in Tokyo", "what time is it in the novel", "time in London was well spent",
		"what is there in Tokyo", "what time do shops open in Tokyo", "I was in Tokyo at 3pm",
		"北京时间12月1日下午3点提醒我开会", "下午3点提醒我给东京打电话", "东京现在几度", "东京几点开会", "东京什么时候下雪", "几点", "what is the date of the meeting",
		"the time", "local time", "current time", "today's date", "can you the time", "今天是什么日子",
		"how many ounces in a cup", "how many grams in a tablespoon", "how many feet in an acre", "2 c in oz", "5 c in g",
		"今天几点开会", "今天是什么节日", "what day suits you",
		"明天下午3点", "下午3点在东京开会", "东京时间", "纽约时间是什么",
	}
	all := triggers(t)
	for _, message := range messages {
		if got := caught(all, message); got != "" {
			t.Errorf("%s: %q", message, got)
		}
	}
}
