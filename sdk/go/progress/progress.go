// Package progress shows the person who waits how far a long call is. Needs no grant.
package progress

import (
	raw "skillet/internal/bindings/imports/skillet_skill_progress"
	"skillet/internal/text"
)

// Report says that done of total steps are done, with a few words on the step at hand.
func Report(done, total uint32, note string) { raw.Report(done, total, text.Valid(note)) }
