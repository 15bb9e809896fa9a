package http

import (
	"fmt"

	raw "skillet/internal/bindings/imports/skillet_skill_http"
	"skillet/internal/fault"
)

// Why there is no response, for errors.Is.
var (
	// ErrDenied: the host or the method is not granted, or the address is not public.
	ErrDenied error = denied
	// ErrInvalid: the request makes no sense, for example its URL.
	ErrInvalid error = invalid
	// ErrTimeout: no whole response in time.
	ErrTimeout error = timeout
	// ErrTooLarge: the response is longer than the host accepts.
	ErrTooLarge error = tooLarge
	// ErrUnreachable: no connection.
	ErrUnreachable error = unreachable

	denied      = fault.New(fault.Denied, "the host is not granted")
	invalid     = fault.New(fault.Failed, "the request is invalid")
	timeout     = fault.New(fault.Unavailable, "the server did not answer in time")
	tooLarge    = fault.New(fault.Failed, "the response is too large")
	unreachable = fault.New(fault.Unavailable, "the server cannot be reached")
)

// StatusError is the status of a server that answered, but with no success.
type StatusError int

func (s StatusError) Error() string { return fmt.Sprintf("the server answered with status %d", int(s)) }

// FailureKind is unavailable for what a retry may mend: too many requests, the server's own fault.
func (s StatusError) FailureKind() fault.Kind {
	if s == 408 || s == 429 || s >= 500 {
		return fault.Unavailable
	}
	return fault.Failed
}

func refusal(err raw.Error) error {
	switch err.Tag() {
	case raw.Error_Denied:
		return denied.Only(err.Denied())
	case raw.Error_Invalid:
		return invalid.Says(err.Invalid())
	case raw.Error_Timeout:
		return timeout
	case raw.Error_TooLarge:
		return tooLarge
	default:
		return unreachable.Says(err.Unreachable())
	}
}
