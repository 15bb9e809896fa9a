package skillet

import (
	"errors"

	"skillet/internal/fault"
)

// Failure says why a run did not produce an output. Its text goes back to whoever asked, a model
// or a person. Make one with [InvalidInput], [Unavailable], [Denied] or [Failed]; any other error
// that Run returns is a Failed with the error's text.
type Failure struct {
	kind fault.Kind
	text string
}

// InvalidInput: the arguments make no sense. The text should say what would be right.
func InvalidInput(text string) error { return &Failure{fault.InvalidInput, text} }

// Unavailable: something needed is away for now. The host tries again, if the manifest's
// idempotency allows it or nothing has left the host.
func Unavailable(text string) error { return &Failure{fault.Unavailable, text} }

// Denied: the owner has not granted what this needs. The text should say what to grant.
func Denied(text string) error { return &Failure{fault.Denied, text} }

// Failed is anything else.
func Failed(text string) error { return &Failure{fault.Failed, text} }

// Error is the text.
func (f *Failure) Error() string { return f.text }

// FailureKind is how the host will treat it.
func (f *Failure) FailureKind() fault.Kind { return f.kind }

// kindOf looks for the sense of an error in all that it wraps.
func kindOf(err error) fault.Kind {
	var known interface{ FailureKind() fault.Kind }
	if errors.As(err, &known) {
		return known.FailureKind()
	}
	return fault.Failed
}
