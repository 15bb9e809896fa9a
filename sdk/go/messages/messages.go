// Package messages sends messages to the people this call is for. Granted with messages = ["me"],
// for the conversation of the call and the person's own Telegram chat, or
// messages = ["me", "people"], for any other paired person or group too.
//
// A skill's answer is its output; a message is for what cannot wait for it, or for a job that
// nobody waits for.
package messages

import (
	raw "skillet/internal/bindings/imports/skillet_skill_messages"
	"skillet/internal/fault"
	"skillet/internal/text"
	"skillet/internal/types"
)

// Why a message was not queued, for errors.Is.
var (
	// ErrDenied: the owner has not granted it, or there is no such chat.
	ErrDenied error = denied
	// ErrUnavailable: the outbox cannot be reached for now.
	ErrUnavailable error = unavailable

	denied      = fault.New(fault.Denied, "messages are not granted")
	unavailable = fault.New(fault.Unavailable, "the outbox is unavailable")
)

// Send queues a message to the conversation that this call came from, and returns its id. A retry
// of the call sends it no second time: the n-th message of a call is sent once.
func Send(message string) (id string, err error) {
	return raw.Send(types.None[string](), text.Valid(message)).Or(refusal)
}

// SendTo queues a message to another chat, and returns its id. "me" is the person's own Telegram
// chat; anything else is the name of a paired person or group, or a Telegram chat id, and needs
// the scope people.
func SendTo(chat, message string) (id string, err error) {
	return raw.Send(types.Some(text.Valid(chat)), text.Valid(message)).Or(refusal)
}

func refusal(err raw.Error) error {
	if err.Tag() == raw.Error_Denied {
		return denied.Only(err.Denied())
	}
	return unavailable.Says(err.Unavailable())
}
