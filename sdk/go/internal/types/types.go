// Package types has the generic types that the generated bindings are written against.
package types

// Unit is the absent half of a result.
type Unit struct{}

// Tuple2 is a pair.
type Tuple2[A, B any] struct {
	F0 A
	F1 B
}

// Cases of an option and of a result.
const (
	OptionNone = 0
	OptionSome = 1
	ResultOk   = 0
	ResultErr  = 1
)

// Option is a value or nothing.
type Option[T any] struct {
	tag   uint8
	value T
}

// Some is a value.
func Some[T any](value T) Option[T] { return Option[T]{OptionSome, value} }

// None is nothing.
func None[T any]() Option[T] { return Option[T]{} }

// Tag is the case.
func (o Option[T]) Tag() uint8 { return o.tag }

// IsSome says whether there is a value.
func (o Option[T]) IsSome() bool { return o.tag == OptionSome }

// Some is the value, zero when there is none.
func (o Option[T]) Some() T { return o.value }

// Get is the value and whether there is one.
func (o Option[T]) Get() (T, bool) { return o.value, o.IsSome() }

// Result is a value or an error.
type Result[T, E any] struct {
	tag uint8
	ok  T
	err E
}

// Ok is a success.
func Ok[T, E any](value T) Result[T, E] { return Result[T, E]{tag: ResultOk, ok: value} }

// Err is a failure.
func Err[T, E any](err E) Result[T, E] { return Result[T, E]{tag: ResultErr, err: err} }

// Tag is the case.
func (r Result[T, E]) Tag() uint8 { return r.tag }

// IsErr says whether it is a failure.
func (r Result[T, E]) IsErr() bool { return r.tag == ResultErr }

// Ok is the value, zero in a failure.
func (r Result[T, E]) Ok() T { return r.ok }

// Err is the error, zero in a success.
func (r Result[T, E]) Err() E { return r.err }

// Or is what Go expects of a function that may fail.
func (r Result[T, E]) Or(convert func(E) error) (T, error) {
	if r.IsErr() {
		return r.ok, convert(r.err)
	}
	return r.ok, nil
}
