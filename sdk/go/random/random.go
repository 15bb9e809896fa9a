// Package random has random numbers from the host, fit for tokens and keys. Needs no grant.
// math/rand and crypto/rand give the same numbers in every call.
package random

import (
	"encoding/binary"

	raw "skillet/internal/bindings/imports/skillet_skill_random"
)

// bytesPerCall is the most that one call to the host gives.
const bytesPerCall = 1024

// Bytes is as many random bytes as length says.
func Bytes(length int) []byte {
	all := make([]byte, 0, length)
	for len(all) < length {
		wanted := min(length-len(all), bytesPerCall)
		all = append(all, raw.Bytes(uint32(wanted))...)
	}
	return all
}

// Uint64 is a random number, every value equally likely.
func Uint64() uint64 { return binary.BigEndian.Uint64(Bytes(8)) }

// Source is the host's numbers for math/rand/v2: rand.New(random.Source{}).
type Source struct{}

// Uint64 is a random number.
func (Source) Uint64() uint64 { return Uint64() }
