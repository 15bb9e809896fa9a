// Package lastwords tells the host why a program ends that nothing can take back: a panic in another
// goroutine, a deadlock, an exit. Each is a trap, and the host takes the last error line for the reason
// of one.
package lastwords
