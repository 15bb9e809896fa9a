package main

import (
	"cmp"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"skillet/clock"
)

var decimal = regexp.MustCompile(`^[-+]?(\d{1,3}(,\d{3})+|\d{1,40})(\.\d{1,40})?$`)

func inUnit(value string, from, to name) (Output, error) {
	value = strings.ReplaceAll(strings.TrimSpace(value), "−", "-")
	if !decimal.MatchString(value) {
		return wrong("the value is a number such as 1,234.5, of at most 40 digits", "数值应是 1,234.5 这样的数，最多 40 位")
	}
	number, _ := new(big.Rat).SetString(strings.ReplaceAll(value, ",", ""))
	factor, offset := worth(from)
	number.Mul(number.Add(number, offset), factor)
	if to.kind == "temperature" && number.Sign() < 0 {
		return wrong("nothing is colder than absolute zero", "没有比绝对零度更低的温度")
	}
	factor, offset = worth(to)
	equals, result := digits(number.Sub(number.Quo(number, factor), offset))
	return Output{result, value + " " + from.shown + equals + result + " " + to.shown}, nil
}

func worth(unit name) (factor, offset *big.Rat) {
	multiplied, added, _ := strings.Cut(unit.worth, "+")
	factor, _ = new(big.Rat).SetString(multiplied)
	offset, _ = new(big.Rat).SetString("0" + added)
	return factor, offset
}

// digits writes a number in full if it has at most 18 decimals, else rounded to 12 digits.
func digits(number *big.Rat) (equals, text string) {
	if places, ends := number.FloatPrec(); ends && places <= 18 {
		return " = ", number.FloatString(places)
	}
	number.SetString(new(big.Float).SetPrec(256).SetRat(number).Text('g', 12))
	places, _ := number.FloatPrec()
	return " ≈ ", number.FloatString(places)
}

var whole = regexp.MustCompile(`^[-+]?[0-9A-Z]{1,300}$`)

func inBase(value string, from, to name) (Output, error) {
	value = strings.NewReplacer(" ", "", "_", "", ",", "").Replace(strings.ToUpper(value))
	value = strings.TrimPrefix(value, map[string]string{"2": "0B", "8": "0O", "16": "0X"}[from.worth])
	source, _ := strconv.Atoi(from.worth)
	target, _ := strconv.Atoi(to.worth)
	number, ok := new(big.Int).SetString(value, source)
	if !ok || !whole.MatchString(value) {
		return wrong("`"+value+"` is no whole number in base "+from.worth, "“"+value+"”不是 "+from.worth+" 进制的整数")
	}
	result := strings.ToUpper(number.Text(target))
	return Output{result, value + " " + from.shown + " = " + result + " " + to.shown}, nil
}

var (
	inEnglish = strings.NewReplacer(" ", "", ".", "", "noon", "12pm", "midnight", "12am", "正午", "12pm", "午夜", "12am",
		"凌晨", "am", "早上", "am", "上午", "am", "中午", "pm", "下午", "pm", "傍晚", "pm", "晚上", "pm",
		"点半", ":30", "点", ":", "时", ":", "分", "", "：", ":", "现在", "now")
	moment = regexp.MustCompile(`^(?:(\d{4}-\d\d-\d\d)t?)?(am|pm)?(\d\d?):?(\d\d)?(am|pm)?$`)
)

func inZone(value string, from, to name) (Output, error) {
	here, _ := time.LoadLocation(from.worth)
	there, _ := time.LoadLocation(to.worth)
	then, ok := read(inEnglish.Replace(strings.ToLower(value)), clock.Now().In(here))
	if !ok {
		return wrong("the value is a time such as 3pm, 15:30 or 2026-12-01 15:30", "时间应写成下午3点、15:30 或 2026-12-01 15:30")
	}
	result := then.In(there)
	days := strings.Compare(result.Format(time.DateOnly), then.Format(time.DateOnly))
	note := []string{say(" (the day before)", "（前一日）"), "", say(" (the next day)", "（次日）")}[days+1]
	return Output{result.Format("15:04"), then.Format("15:04 ") + from.shown + result.Format(" = 15:04 ") + to.shown + note}, nil
}

// read understands "now", "3pm", "pm3:30", "15:30" of today, and each with a date before it.
func read(text string, now time.Time) (time.Time, bool) {
	parts := moment.FindStringSubmatch(text)
	if text == "now" || parts == nil {
		return now, text == "now"
	}
	hour, _ := strconv.Atoi(parts[3])
	if half := parts[2] + parts[5]; half != "" && hour <= 12 {
		hour = hour%12 + map[string]int{"am": 0, "pm": 12}[half]
	}
	date, minute := cmp.Or(parts[1], now.Format(time.DateOnly)), cmp.Or(parts[4], "00")
	then, err := time.ParseInLocation("2006-01-02 15:04", date+" "+strconv.Itoa(hour)+":"+minute, now.Location())
	return then, err == nil
}
