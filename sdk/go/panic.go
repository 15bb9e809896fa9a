package skillet

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// panicText says what went wrong and, if it was in the author's code, where.
func panicText(reason any) string {
	message := fmt.Sprint("panic: ", reason)
	if place := panicPlace(); place != "" {
		message += " (" + place + ")"
	}
	return message
}

func panicPlace() string {
	var counters [64]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(0, counters[:])])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "main.") {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return ""
		}
	}
}
