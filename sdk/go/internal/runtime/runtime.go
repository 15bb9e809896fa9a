// Package runtime gives the generated bindings memory that the host may read and write.
package runtime

import (
	"runtime"
	"unsafe"
)

// lent is memory that the host filled; it stays in place until the next call.
var lent runtime.Pinner

// Unpin gives back what the host filled for the call before.
func Unpin() { lent.Unpin() }

// Allocate reserves memory that does not move or go away before the pinner is done.
func Allocate(pinner *runtime.Pinner, size, align uintptr) unsafe.Pointer {
	if size == 0 {
		return nil
	}
	// The collector must not look for pointers in it, and words of eight bytes fit every alignment.
	var memory unsafe.Pointer
	if align == 1 {
		memory = unsafe.Pointer(unsafe.SliceData(make([]uint8, size)))
	} else {
		memory = unsafe.Pointer(unsafe.SliceData(make([]uint64, (size+7)/8)))
	}
	pinner.Pin(memory)
	return memory
}

// While the host waits for memory it must not be called, and the collector asks for the time.
//
//go:wasmimport wasi_snapshot_preview1 adapter_monotonic_clock_set_paused
func pauseClock(paused bool)

//go:wasmexport cabi_realloc
func realloc(old unsafe.Pointer, oldSize, align, size uintptr) unsafe.Pointer {
	pauseClock(true)
	defer pauseClock(false)
	memory := Allocate(&lent, size, align)
	copy(unsafe.Slice((*byte)(memory), size), unsafe.Slice((*byte)(old), oldSize))
	return memory
}
