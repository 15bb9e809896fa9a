/* What the C and C++ libraries ask of their system, answered by the host. Each stands in for a library's own;
 * one that a skill does not use is not in the component.
 *
 * They are weak, and this file is linked before all others: a linker that has already taken the
 * library's own keeps that, and nothing is defined twice. */
#include "skillet.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define WEAK __attribute__((weak))

WEAK _Noreturn void abort(void) {
    skillet_panic("abort was called");
}

WEAK _Noreturn void _Exit(int code) {
    skillet_panic("exit(%d) was called", code);
}

/* Its own library's stands in one file with `_Exit`, and would bring that along. */
WEAK _Noreturn void _exit(int code) {
    _Exit(code);
}

WEAK _Noreturn void __assert_fail(const char *expression, const char *file, int line, const char *function) {
    skillet_panic("assertion failed: %s (%s:%d, %s)", expression, file, line, function);
}

/* The C++ library calls it before it aborts: `std::terminate`, a pure virtual call. The name differs
 * between its versions. */
WEAK _Noreturn void abort_message(const char *format, ...) {
    va_list list;
    va_start(list, format);
    skillet_panic("%s", skillet_format_list(format, list).data);
}

WEAK _Noreturn void __abort_message(const char *format, ...) {
    va_list list;
    va_start(list, format);
    skillet_panic("%s", skillet_format_list(format, list).data);
}

/* Debian builds clang's runtime with stack protection and its C library without these two. */
WEAK uintptr_t __stack_chk_guard = 0x5AFE57AC;

WEAK _Noreturn void __stack_chk_fail(void) {
    skillet_panic("the stack was overwritten");
}

/* The most that `getentropy` gives at once, by its definition. */
enum { MAX_ENTROPY = 256 };

WEAK int getentropy(void *to, size_t length) {
    if (length > MAX_ENTROPY) {
        errno = EIO;
        return -1;
    }
    skillet_random(to, length);
    return 0;
}

WEAK time_t time(time_t *to) {
    time_t now = (time_t)(skillet_now_ms() / 1000);
    if (to) *to = now;
    return now;
}

WEAK int clock_gettime(clockid_t clock, struct timespec *to) {
    (void)clock;
    uint64_t now = skillet_now_ms();
    to->tv_sec = (time_t)(now / 1000);
    to->tv_nsec = (long)(now % 1000) * 1000000;
    return 0;
}

WEAK int gettimeofday(struct timeval *restrict to, void *restrict zone) {
    (void)zone;
    uint64_t now = skillet_now_ms();
    to->tv_sec = (time_t)(now / 1000);
    to->tv_usec = (suseconds_t)(now % 1000) * 1000;
    return 0;
}
