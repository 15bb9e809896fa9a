// Package settings has what the owner set for this skill on its page. Granted with settings = true.
package settings

import (
	raw "skillet/internal/bindings/imports/skillet_skill_settings"
	"skillet/internal/fault"
	"skillet/internal/text"
)

// ErrMissing, for errors.Is: a setting that the skill cannot do without is empty.
var ErrMissing error = missing

var missing = fault.New(fault.Denied, "a setting of this skill is empty")

// Get is the setting's value, and whether the owner gave it one.
func Get(key string) (value string, found bool) {
	return raw.Get(text.Valid(key)).Get()
}

// Require is the setting's value; when it has none, an error that says what to fill in.
func Require(key string) (string, error) {
	value, found := Get(key)
	if !found {
		why := "the setting `" + key + "` of this skill is empty; the owner can fill it in on the skill's page"
		return "", missing.Only(why)
	}
	return value, nil
}
