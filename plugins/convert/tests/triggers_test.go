// What the manifest's triggers catch, and what they leave alone.
package tests

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// triggers are the manifest's patterns, with the named ones put in. Go has no flag for spaces in a pattern; none of
// these means one.
func triggers(t *testing.T) (all []*regexp.Regexp) {
	manifest, err := os.ReadFile("../skill.toml")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, found := range regexp.MustCompile(`(?s)(\w+) = '''(.*?)'''`).FindAllStringSubmatch(string(manifest), -1) {
		pattern := strings.Join(strings.Fields(found[2]), "")
		if found[1] != "pattern" {
			named = append(named, "(?&"+found[1]+")", "(?:"+pattern+")")
			continue
		}
		pattern = strings.NewReplacer(named...).Replace(pattern)
		pattern = strings.NewReplacer("(?xi)", "(?i)", "(?x)", "").Replace(pattern)
		all = append(all, regexp.MustCompile(pattern))
	}
	return all
}

func caught(t *testing.T, message string) string {
	for _, trigger := range triggers(t) {
		if match := trigger.FindStringSubmatch(message); match != nil {
			group := func(name string) string { return strings.TrimSpace(match[trigger.SubexpIndex(name)]) }
			return group("value") + "|" + group("from") + "|" + group("to")
		}
	}
	return ""
}

func TestQuestionsAreCaught(t *testing.T) {
	cases := map[string]string{
		"5 miles in km": "5|miles|km",
		"convert 1,200 square feet to square metres":   "1,200|square feet|square metres",
		"What is 100 °F in celsius?":                   "100|°F|celsius",
		"what's -40 C to F":                            "",
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
	}
	for message, wanted := range cases {
		if got := caught(t, message); got != wanted {
			t.Errorf("%s: %q, not %q", message, got, wanted)
		}
	}
}

func TestEverythingElseIsLeftAlone(t *testing.T) {
	messages := []string{
		"5 miles", "in 5 minutes", "I ran 5 miles in 40 minutes", "100 USD in EUR", "100美元是多少人民币",
		"remind me at 3pm to call Tokyo", "3pm in London", "meet 5 people in London", "2 feet in the grave",
		"what is 5 in chinese", "how many people in 3 pounds", "今天下午3点开会", "北京下午3点", "3米高的树", "10 in 10",
	}
	for _, message := range messages {
		if got := caught(t, message); got != "" {
			t.Errorf("%s: %q", message, got)
		}
	}
}
