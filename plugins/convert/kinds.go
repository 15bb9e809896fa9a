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
	inEnglish = strings.NewReplacer(",", "", ".", "", "noon", "12pm", "midnight", "12am", "正午", "12pm", "午夜", "12am",
		"凌晨", "am", "早上", "am", "上午", "am", "中午", "pm", "下午", "pm", "傍晚", "pm", "晚上", "pm", "号", "日",
		"点半", ":30", "点一刻", ":15", "点三刻", ":45", "点钟", ":", "点整", ":", "点", ":", "时", ":", "分", "", "：", ":",
		"现在", "now", "昨天", "yesterday ", "今天", "today ", "明天", "tomorrow ", "十二", "12", "十一", "11", "十", "10",
		"一", "1", "二", "2", "两", "2", "三", "3", "四", "4", "五", "5", "六", "6", "七", "7", "八", "8", "九", "9")
	moment = regexp.MustCompile(`^(.*?)[ t]*(?:at )?(am|pm)? ?(\d\d?)(?: ?: ?)?(\d\d)? ?(am|pm)?$`)
	near   = map[string]int{"yesterday": -1, "": 0, "today": 0, "tomorrow": 1}
	dates  = []string{time.DateOnly, "2006年1月2日", "1月2日", "January 2 2006", "January 2", "2 January 2006", "2 January",
		"Jan 2 2006", "Jan 2", "2 Jan 2006", "2 Jan"}
)

func zone(place name) *time.Location { zone, _ := time.LoadLocation(place.worth); return zone }

func inZone(value string, from, to name) (Output, error) {
	text := strings.TrimSpace(inEnglish.Replace(strings.ToLower(value)))
	if days, is := near[text]; is && text != "" {
		return onDay(days, from, to), nil
	}
	then, ok := read(text, clock.Now().In(zone(from)))
	if !ok {
		return wrong("the value is a time such as 3pm, 15:30 or 2026-12-01 15:30", "时间应写成下午3点、15:30 或 2026-12-01 15:30")
	}
	result := then.In(zone(to))
	days := strings.Compare(result.Format(time.DateOnly), then.Format(time.DateOnly))
	note := []string{say(" (the day before)", "（前一日）"), "", say(" (the next day)", "（次日）")}[days+1]
	answer := result.Format("15:04 ") + to.shown + note
	if from != to {
		answer = then.Format("15:04 ") + from.shown + " = " + answer
	}
	return Output{result.Format("15:04"), answer}, nil
}

// onDay tells the date of a day near today, in the place that is named.
func onDay(days int, from, to name) Output {
	if to == home {
		to = from
	}
	date := clock.Now().In(zone(to)).AddDate(0, 0, days)
	text := say(date.Format("Monday, 2 January 2006"), date.Format("2006年1月2日 星期")+string([]rune("日一二三四五六")[date.Weekday()]))
	if to != home {
		text += say(" ("+to.shown+")", "（"+to.shown+"）")
	}
	return Output{date.Format(time.DateOnly), text}
}

// read understands "now", "3pm", "pm3:30", "15:30" of today, and each with a day before it.
func read(text string, now time.Time) (time.Time, bool) {
	parts := moment.FindStringSubmatch(text)
	if text == "now" || parts == nil {
		return now, text == "now"
	}
	hour, _ := strconv.Atoi(parts[3])
	if half := parts[2] + parts[5]; half != "" && hour <= 12 {
		hour = hour%12 + map[string]int{"am": 0, "pm": 12}[half]
	}
	written := day(parts[1], now) + " " + strconv.Itoa(hour) + ":" + cmp.Or(parts[4], "00")
	then, err := time.ParseInLocation("2006-01-02 15:04", written, now.Location())
	return then, err == nil
}

// day writes a day out, and nothing for what is none. Without a year it is in that of now.
func day(text string, now time.Time) string {
	if days, is := near[text]; is {
		return now.AddDate(0, 0, days).Format(time.DateOnly)
	}
	for _, layout := range dates {
		if date, err := time.Parse(layout, text); err == nil {
			return strconv.Itoa(cmp.Or(date.Year(), now.Year())) + date.Format("-01-02")
		}
	}
	return ""
}
