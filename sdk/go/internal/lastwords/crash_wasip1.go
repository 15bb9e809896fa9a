package lastwords

import "unsafe"

// The runtime's own way out for what it has to say.
//
//go:linkname overrideWrite runtime.overrideWrite
var overrideWrite func(fd uintptr, at unsafe.Pointer, size int32) int32

//go:wasmimport skillet:skill/log@0.1.0 write
//go:noescape
func log(level int32, at unsafe.Pointer, size uint32)

// The level of an error.
const levelError = 3

// What the runtime says comes in pieces, each an argument of its `print`: "panic: ", the reason, then
// "goroutine " and, for each function, its name, "(", …, "\t", its file, ":", its line.
type state uint8

const (
	quiet state = iota
	// The reason.
	saying
	// What no reader wants, such as the signal.
	skipping
	// The first function of the author's.
	seeking
	// Its file and line.
	finding
	placing
)

var (
	now   state
	said  [1000]byte
	count int
)

func init() { overrideWrite = hear }

// Runs while the program ends: it may neither allocate nor grow the stack.
//
//go:nosplit
func hear(_ uintptr, at unsafe.Pointer, size int32) int32 {
	piece := unsafe.String((*byte)(at), int(size))
	switch {
	case begins(piece, "panic: ") || begins(piece, "fatal error: "):
		now, count = saying, 0
		say(piece)
	case now == saying && begins(piece, "out of memory"):
		// The host knows better, and how much there was.
		now = quiet
	case now == saying && begins(piece, "[signal "):
		now = skipping
	case (now == saying || now == skipping) && begins(piece, "goroutine "):
		// Once now, since there may be no place.
		tell()
		now = seeking
	case now == saying:
		say(piece)
	case now == seeking && begins(piece, "main."):
		now = finding
	case now == finding && begins(piece, "\t"):
		say(" (")
		now = placing
	case now == placing && (begins(piece, " ") || begins(piece, "\n")):
		say(")")
		tell()
		now = quiet
	case now == placing:
		say(afterSlash(piece))
	}
	return size
}

//go:nosplit
func begins(piece, with string) bool {
	return len(piece) >= len(with) && piece[:len(with)] == with
}

//go:nosplit
func afterSlash(piece string) string {
	for at := len(piece) - 1; at >= 0; at-- {
		if piece[at] == '/' {
			return piece[at+1:]
		}
	}
	return piece
}

// say adds as much as there is room for, and no part of a character.
//
//go:nosplit
func say(piece string) {
	size := min(len(piece), len(said)-count)
	if size < len(piece) {
		for size > 0 && piece[size]&0xc0 == 0x80 {
			size--
		}
	}
	for at := 0; at < size; at++ {
		said[count+at] = piece[at]
	}
	count += size
}

//go:nosplit
func tell() {
	for count > 0 && said[count-1] == '\n' {
		count--
	}
	log(levelError, unsafe.Pointer(&said), uint32(count))
}
