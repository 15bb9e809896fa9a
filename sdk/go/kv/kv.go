// Package kv keeps bytes for this skill and this user, from one call to the next. Granted with
// kv = true.
//
// Calls of one skill may run at the same time (unless can_parallel = false), so a count that is
// read and set can lose a step; [CompareAndSet] cannot.
package kv

import (
	raw "skillet/internal/bindings/imports/skillet_skill_kv"
	"skillet/internal/fault"
	"skillet/internal/text"
	"skillet/internal/types"
)

// Why the store refused, for errors.Is.
var (
	// ErrTooLarge: the key or the value is longer than the host keeps.
	ErrTooLarge error = tooLarge
	// ErrQuotaExceeded: this skill's share for this user is full.
	ErrQuotaExceeded error = quotaExceeded
	// ErrUnavailable: the store cannot be reached for now.
	ErrUnavailable error = unavailable

	tooLarge      = fault.New(fault.Failed, "the key or the value is too large to keep")
	quotaExceeded = fault.New(fault.Failed, "this skill's storage for this user is full")
	unavailable   = fault.New(fault.Unavailable, "the store is unavailable")
)

// Get is what is kept under the key, and whether there is anything; value is nil only if there is not.
func Get(key string) (value []byte, found bool, err error) {
	option, err := raw.Get(text.Valid(key)).Or(refusal)
	if option.IsSome() {
		value = append([]byte{}, option.Some()...)
	}
	return value, option.IsSome(), err
}

// Set keeps a value under the key, in place of what was there.
func Set(key string, value []byte) error {
	_, err := raw.Set(text.Valid(key), value).Or(refusal)
	return err
}

// CompareAndSet keeps a value only if the present one is as expected, and says whether it did.
// A nil expects that there is none.
func CompareAndSet(key string, expected, value []byte) (bool, error) {
	option := types.None[[]byte]()
	if expected != nil {
		option = types.Some(expected)
	}
	return raw.CompareAndSet(text.Valid(key), option, value).Or(refusal)
}

// Delete forgets the key. To forget what is not there succeeds.
func Delete(key string) error {
	_, err := raw.Delete(text.Valid(key)).Or(refusal)
	return err
}

// Keys is the keys that start with prefix, sorted, at most limit of them.
func Keys(prefix string, limit uint32) ([]string, error) {
	return raw.ListKeys(text.Valid(prefix), limit).Or(refusal)
}

func refusal(err raw.Error) error {
	switch err.Tag() {
	case raw.Error_TooLarge:
		return tooLarge
	case raw.Error_QuotaExceeded:
		return quotaExceeded
	default:
		return unavailable.Says(err.Unavailable())
	}
}
