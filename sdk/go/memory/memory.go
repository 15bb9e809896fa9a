// Package memory is what the agent knows about the user this call is for. Granted with
// memory = ["read", "write"], or only one of them.
package memory

import (
	"time"

	raw "skillet/internal/bindings/imports/skillet_skill_memory"
	"skillet/internal/fault"
	"skillet/internal/text"
)

// Why memory refused, for errors.Is.
var (
	// ErrDenied: the owner has not granted it. The text says what to grant.
	ErrDenied error = denied
	// ErrUnavailable: memory cannot be reached for now.
	ErrUnavailable error = unavailable

	denied      = fault.New(fault.Denied, "memory is not granted")
	unavailable = fault.New(fault.Unavailable, "memory is unavailable")
)

// Fact is something the agent keeps about the user.
type Fact struct {
	// Key is what the fact is about; one fact per key.
	Key string
	// Text is the fact in words.
	Text string
	// Score is higher when it is nearer to the query. Only comparable within one answer.
	Score float32
	// RecordedAt is when it was learnt.
	RecordedAt time.Time
}

// Search is the facts nearest to the query, best first, at most limit of them.
func Search(query string, limit uint32) ([]Fact, error) {
	found, err := raw.Search(text.Valid(query), limit).Or(refusal)
	facts := make([]Fact, 0, len(found))
	for _, fact := range found {
		facts = append(facts, Fact{fact.Key, fact.Text, fact.Score, time.UnixMilli(int64(fact.RecordedAtMs)).UTC()})
	}
	return facts, err
}

// Remember keeps a fact; the host derives its key from the text.
func Remember(fact string) error { return RememberAs("", fact) }

// RememberAs keeps a fact under a key, in place of what was known under it.
func RememberAs(key, fact string) error {
	_, err := raw.Remember(text.Valid(key), text.Valid(fact)).Or(refusal)
	return err
}

func refusal(err raw.Error) error {
	if err.Tag() == raw.Error_Denied {
		return denied.Only(err.Denied())
	}
	return unavailable.Says(err.Unavailable())
}
