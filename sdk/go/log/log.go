// Package log writes lines that the owner reads beside the call. Needs no grant. The host cuts
// long lines and keeps only so many of a call.
package log

import (
	raw "skillet/internal/bindings/imports/skillet_skill_log"
	"skillet/internal/text"
)

// Debug is for whoever debugs the skill.
func Debug(line string) { raw.Write(raw.Level_Debug, text.Valid(line)) }

// Info is worth knowing.
func Info(line string) { raw.Write(raw.Level_Info, text.Valid(line)) }

// Warn is odd, but the call goes on.
func Warn(line string) { raw.Write(raw.Level_Warn, text.Valid(line)) }

// Error: the call will not do what was asked.
func Error(line string) { raw.Write(raw.Level_Error, text.Valid(line)) }
