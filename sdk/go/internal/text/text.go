// Package text keeps strings fit for the host.
package text

import "strings"

// Valid puts U+FFFD for bytes that are not UTF-8: a Go string may hold any, the host stops a
// component that sends them as text.
func Valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
