// Package config has the agent's own settings, only the keys that the owner opened to skills.
// Granted with config = true. What the owner set for this skill is in skillet/settings.
package config

import (
	raw "skillet/internal/bindings/imports/skillet_skill_config"
	"skillet/internal/fault"
	"skillet/internal/text"
)

// Why a setting was not read or changed, for errors.Is.
var (
	// ErrDenied: the key is not open to skills. The text says how to open it.
	ErrDenied error = denied
	// ErrUnknown: there is no such key.
	ErrUnknown error = unknown
	// ErrInvalid: the value does not fit the key. The text says what would.
	ErrInvalid error = invalid
	// ErrUnavailable: the settings cannot be reached for now.
	ErrUnavailable error = unavailable

	denied      = fault.New(fault.Denied, "the key is not open to skills")
	unknown     = fault.New(fault.InvalidInput, "there is no such key")
	invalid     = fault.New(fault.InvalidInput, "the value does not fit the key")
	unavailable = fault.New(fault.Unavailable, "the settings are unavailable")
)

// Get is the value in force, as text.
func Get(key string) (string, error) {
	return raw.Get(text.Valid(key)).Or(refusal)
}

// Set changes a setting, at once and for everyone.
func Set(key, value string) error {
	_, err := raw.Set(text.Valid(key), text.Valid(value)).Or(refusal)
	return err
}

func refusal(err raw.Error) error {
	switch err.Tag() {
	case raw.Error_Denied:
		return denied.Only(err.Denied())
	case raw.Error_Unknown:
		return unknown.Only(err.Unknown())
	case raw.Error_Invalid:
		return invalid.Only(err.Invalid())
	default:
		return unavailable.Says(err.Unavailable())
	}
}
