// Package clock is the time. Needs no grant. time.Now does not know the time in a component.
package clock

import (
	"time"

	raw "skillet/internal/bindings/imports/skillet_skill_clock"
)

// Now is the time in UTC, to the millisecond.
func Now() time.Time { return time.UnixMilli(int64(raw.NowMs())).UTC() }
