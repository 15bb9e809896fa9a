package skillet

import (
	"strings"
	"time"
)

// Call is one run of a skill. The host fills in every field.
type Call struct {
	// ID is a UUIDv7, the same on every retry of this run. A good idempotency key.
	ID string
	// Attempt is 1 on the first attempt.
	Attempt uint32
	// Locale is the IETF language tag of the user, for example "zh-CN".
	Locale string
	// TimeZone is the IANA zone of the user, for example "Asia/Shanghai".
	TimeZone string
	// Deadline is the time that was left, when the run began, until the host stops it.
	Deadline time.Duration
}

// IsChinese says whether replies should be in Chinese: the locale is "zh" or a variety of it.
func (c Call) IsChinese() bool {
	language, _, _ := strings.Cut(strings.ReplaceAll(c.Locale, "_", "-"), "-")
	return strings.EqualFold(language, "zh")
}
