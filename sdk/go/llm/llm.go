// Package llm is a language model behind the host's gateway: budgets, tiers and caches apply.
// Granted with llm = "small" or llm = "large".
package llm

import (
	"encoding/json"

	raw "skillet/internal/bindings/imports/skillet_skill_llm"
	"skillet/internal/fault"
	"skillet/internal/text"
	"skillet/internal/types"
)

// Why there is no answer, for errors.Is.
var (
	// ErrBudgetExceeded: a budget of the owner's does not allow it. The text says which.
	ErrBudgetExceeded error = budgetExceeded
	// ErrDenied: the tier is not granted.
	ErrDenied error = denied
	// ErrUnavailable: no model answers for now.
	ErrUnavailable error = unavailable

	// A budget that is spent is the owner's no, like a grant that is missing.
	budgetExceeded = fault.New(fault.Denied, "a budget is spent")
	denied         = fault.New(fault.Denied, "the tier is not granted")
	unavailable    = fault.New(fault.Unavailable, "the model is unavailable")
)

// Tier is how much an answer is worth.
type Tier uint8

const (
	// Small is cheap and quick: extraction, rewriting, short summaries.
	Small = Tier(raw.Tier_Small)
	// Large is dear: reasoning over much material.
	Large = Tier(raw.Tier_Large)
)

// defaultOutputTokens is enough for a page of text.
const defaultOutputTokens = 512

// Request is a question to a model.
type Request struct {
	// Tier is Small unless set.
	Tier Tier
	// Instructions are what to do with the prompt. Keep the same text from call to call: it is cached.
	Instructions string
	Prompt       string
	// OutputSchema, a JSON Schema, makes the answer's text JSON that satisfies it.
	OutputSchema json.RawMessage
	// MaxOutputTokens is 512 unless set. The host reserves money for as many.
	MaxOutputTokens uint32
}

// Answer is what the model said, and what it used.
type Answer struct {
	Text         string
	InputTokens  uint32
	OutputTokens uint32
}

// Complete asks, and waits for the answer.
func (r Request) Complete() (Answer, error) {
	schema := types.None[string]()
	if r.OutputSchema != nil {
		schema = types.Some(text.Valid(string(r.OutputSchema)))
	}
	if r.MaxOutputTokens == 0 {
		r.MaxOutputTokens = defaultOutputTokens
	}
	answer, err := raw.Complete(raw.Request{
		Tier:            raw.Tier(r.Tier),
		Instructions:    text.Valid(r.Instructions),
		Prompt:          text.Valid(r.Prompt),
		OutputSchema:    schema,
		MaxOutputTokens: r.MaxOutputTokens,
	}).Or(refusal)
	return Answer(answer), err
}

func refusal(err raw.Error) error {
	switch err.Tag() {
	case raw.Error_BudgetExceeded:
		return budgetExceeded.Only(err.BudgetExceeded())
	case raw.Error_Denied:
		return denied.Only(err.Denied())
	default:
		return unavailable.Says(err.Unavailable())
	}
}
