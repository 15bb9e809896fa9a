// Package fault gives the errors of the interfaces the sense that they have for the host.
package fault

// Kind is a case of the contract's failure.
type Kind uint8

// In the contract's order.
const (
	InvalidInput Kind = iota
	Unavailable
	Denied
	Failed
)

// Class is a sentinel for errors.Is.
type Class struct {
	kind  Kind
	words string
}

// New makes a class; its words stand before the host's text, if there are any.
func New(kind Kind, words string) *Class { return &Class{kind, words} }

func (c *Class) Error() string { return c.words }

// FailureKind is what it becomes when the author does not catch it.
func (c *Class) FailureKind() Kind { return c.kind }

// Says is an error of this class with the host's own text.
func (c *Class) Says(text string) error { return &instance{c, c.words + ": " + text} }

// Only is an error of this class that is nothing but the host's text.
func (c *Class) Only(text string) error { return &instance{c, text} }

type instance struct {
	*Class
	text string
}

func (i *instance) Error() string { return i.text }

func (i *instance) Unwrap() error { return i.Class }
