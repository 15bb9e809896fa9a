;; WASI preview 1 with nothing behind it. The component step puts this module where the official
;; preview 1 adapter would stand, so that the C library of C, C++ and Go asks nothing of the host,
;; and the component imports only interfaces of Skillet. All of preview 1 is here, so any program
;; links; what it does not call is left out of the component.
;;
;; A program finds no arguments, no environment, no files and no sockets; standard input at its end;
;; standard output and error open, where what is written vanishes (use the interface `log`). One that
;; ends itself has the last of it told, if it lent room for that.
;;
;; Time starts at 1970-01-01T00:00:01Z, moves by a microsecond each time it is asked for, and jumps
;; over every sleep: whoever takes it for the real time sees at once that it is not, and nothing
;; waits. Random bytes are the same in every instance: fit for hash tables, never for secrets. The
;; interfaces `clock` and `random` have the real ones.
(module
  (import "env" "memory" (memory 0))
  ;; Only a program that may exit imports it.
  (import "skillet:skill/log@0.1.0" "write" (func $log (param $level i32) (param $text i32) (param $length i32)))

  ;; What a program says when it exits: where its text is, how long at most, how long now, and how much
  ;; of that stands before what was written to standard error last.
  (global $words (mut i32) (i32.const 0))
  (global $room (mut i32) (i32.const 0))
  (global $length (mut i32) (i32.const 0))
  (global $before (mut i32) (i32.const 0))

  ;; Nanoseconds. Not 0: Go takes that for a broken clock.
  (global $now (mut i64) (i64.const 1000000000))
  ;; The state of a xorshift generator. Any number but 0 will do.
  (global $seed (mut i64) (i64.const 88172645463325252))

  ;; Errors: 8 bad file descriptor, 28 invalid argument, 52 not supported, 70 not seekable.

  ;; 0 for the three standard streams, else 8.
  (func $standard_stream (param $fd i32) (result i32)
    (select (i32.const 0) (i32.const 8) (i32.le_u (local.get $fd) (i32.const 2))))

  ;; Arguments and environment: none, and no bytes of them.
  (func $none (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (i32.const 0))
  (export "args_sizes_get" (func $none))
  (export "environ_sizes_get" (func $none))
  (func $nothing_to_fill (param i32 i32) (result i32) (i32.const 0))
  (export "args_get" (func $nothing_to_fill))
  (export "environ_get" (func $nothing_to_fill))

  (func (export "clock_time_get") (param $clock i32) (param $precision i64) (param $to i32) (result i32)
    (global.set $now (i64.add (global.get $now) (i64.const 1000)))
    (i64.store (local.get $to) (global.get $now))
    (i32.const 0))
  (func (export "clock_res_get") (param $clock i32) (param $to i32) (result i32)
    (i64.store (local.get $to) (i64.const 1000))
    (i32.const 0))

  (func (export "random_get") (param $to i32) (param $length i32) (result i32)
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $length)))
      (global.set $seed (i64.xor (global.get $seed) (i64.shl (global.get $seed) (i64.const 13))))
      (global.set $seed (i64.xor (global.get $seed) (i64.shr_u (global.get $seed) (i64.const 7))))
      (global.set $seed (i64.xor (global.get $seed) (i64.shl (global.get $seed) (i64.const 17))))
      (i64.store8 (local.get $to) (global.get $seed))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (local.set $length (i32.sub (local.get $length) (i32.const 1)))
      (br $next)))
    (i32.const 0))

  ;; Called by a program once: its text, and how long that is already and may become.
  (func (export "skillet_last_words") (param $text i32) (param $length i32) (param $room i32)
    (global.set $words (local.get $text))
    (global.set $room (local.get $room))
    (global.set $length (local.get $length))
    (global.set $before (local.get $length)))

  ;; Adds to the text, as far as there is room, and no part of a character.
  (func $say (param $from i32) (param $length i32)
    (local $left i32)
    (local.set $left (i32.sub (global.get $room) (global.get $length)))
    (if (i32.lt_u (local.get $left) (local.get $length))
      (then
        (local.set $length (local.get $left))
        (block $whole (loop $back
          (br_if $whole (i32.eqz (local.get $length)))
          ;; What would come next must not go on with a character: 10xxxxxx.
          (br_if $whole (i32.ne (i32.const 0x80) (i32.and (i32.const 0xc0)
            (i32.load8_u (i32.add (local.get $from) (local.get $length))))))
          (local.set $length (i32.sub (local.get $length) (i32.const 1)))
          (br $back)))))
    (memory.copy (i32.add (global.get $words) (global.get $length)) (local.get $from) (local.get $length))
    (global.set $length (i32.add (global.get $length) (local.get $length))))

  ;; A skill ends by returning. Whoever exits before has not, whatever the code says.
  (func $exit (param $code i32)
    (local $last i32)
    (block $bare (loop $trim
      (br_if $bare (i32.eqz (global.get $length)))
      (local.set $last
        (i32.load8_u (i32.sub (i32.add (global.get $words) (global.get $length)) (i32.const 1))))
      ;; Without line breaks and spaces, and the colon that nothing follows.
      (if (i32.or (i32.le_u (local.get $last) (i32.const 0x20)) (i32.eq (local.get $last) (i32.const 0x3a)))
        (then
          (global.set $length (i32.sub (global.get $length) (i32.const 1)))
          (br $trim)))
      ;; As an error.
      (call $log (i32.const 3) (global.get $words) (global.get $length))))
    unreachable)
  (export "proc_exit" (func $exit))
  (func (export "proc_raise") (param $signal i32) (result i32) unreachable)
  (func (export "sched_yield") (result i32) (i32.const 0))

  ;; Every subscription is ready at once: a clock, because time is set to where it ends; a stream or
  ;; file, with an error. A subscription has 48 bytes, an event 32.
  (func (export "poll_oneoff") (param $from i32) (param $to i32) (param $count i32) (param $ready i32) (result i32)
    (local $end i64)
    (if (i32.eqz (local.get $count)) (then (return (i32.const 28))))
    (i32.store (local.get $ready) (local.get $count))
    (loop $next
      (i64.store (local.get $to) (i64.load (local.get $from)))
      (i64.store offset=8 (local.get $to) (i64.const 0))
      (i32.store8 offset=10 (local.get $to) (i32.load8_u offset=8 (local.get $from)))
      (i64.store offset=16 (local.get $to) (i64.const 0))
      (i64.store offset=24 (local.get $to) (i64.const 0))
      (if (i32.load8_u offset=8 (local.get $from))
        (then (i32.store16 offset=8 (local.get $to) (i32.const 8)))
        (else
          (local.set $end (i64.load offset=24 (local.get $from)))
          ;; Bit 0: the moment itself, else as long from now.
          (if (i32.eqz (i32.and (i32.load16_u offset=40 (local.get $from)) (i32.const 1)))
            (then (local.set $end (i64.add (global.get $now) (local.get $end)))))
          (if (i64.gt_u (local.get $end) (global.get $now))
            (then (global.set $now (local.get $end))))))
      (local.set $from (i32.add (local.get $from) (i32.const 48)))
      (local.set $to (i32.add (local.get $to) (i32.const 32)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (i32.const 0))

  ;; The standard streams.

  (func (export "fd_write") (param $fd i32) (param $pieces i32) (param $count i32) (param $written i32) (result i32)
    (local $sum i32)
    (local $heard i32)
    (local.set $heard (i32.and (i32.eq (local.get $fd) (i32.const 2)) (i32.ne (global.get $words) (i32.const 0))))
    (if (local.get $heard) (then (global.set $length (global.get $before))))
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $count)))
      (if (local.get $heard)
        (then (call $say (i32.load (local.get $pieces)) (i32.load offset=4 (local.get $pieces)))))
      (local.set $sum (i32.add (local.get $sum) (i32.load offset=4 (local.get $pieces))))
      (local.set $pieces (i32.add (local.get $pieces) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $next)))
    (i32.store (local.get $written) (local.get $sum))
    (call $standard_stream (local.get $fd)))
  (func (export "fd_read") (param $fd i32) (param $pieces i32) (param $count i32) (param $read i32) (result i32)
    (i32.store (local.get $read) (i32.const 0))
    (call $standard_stream (local.get $fd)))
  (func (export "fd_close") (param $fd i32) (result i32)
    (call $standard_stream (local.get $fd)))
  (func (export "fd_seek") (param $fd i32) (param i64 i32 i32) (result i32)
    (select (i32.const 70) (i32.const 8) (i32.le_u (local.get $fd) (i32.const 2))))
  (func (export "fd_tell") (param $fd i32) (param i32) (result i32)
    (select (i32.const 70) (i32.const 8) (i32.le_u (local.get $fd) (i32.const 2))))

  ;; Files and folders: there is no descriptor to start from.

  (func $bad_1 (param i32) (result i32) (i32.const 8))
  (func $bad_2 (param i32 i32) (result i32) (i32.const 8))
  (func $bad_3 (param i32 i32 i32) (result i32) (i32.const 8))
  (func $bad_at (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (export "fd_datasync" (func $bad_1))
  (export "fd_sync" (func $bad_1))
  (export "fd_fdstat_get" (func $bad_2))
  (export "fd_fdstat_set_flags" (func $bad_2))
  (export "fd_filestat_get" (func $bad_2))
  (export "fd_prestat_get" (func $bad_2))
  (export "fd_renumber" (func $bad_2))
  (export "fd_prestat_dir_name" (func $bad_3))
  (export "fd_pread" (func $bad_at))
  (export "fd_pwrite" (func $bad_at))
  (export "fd_readdir" (func $bad_at))
  (func (export "fd_advise") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_allocate") (param i32 i64 i64) (result i32) (i32.const 8))
  (func (export "fd_fdstat_set_rights") (param i32 i64 i64) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_size") (param i32 i64) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_times") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (export "path_create_directory" (func $bad_3))
  (export "path_remove_directory" (func $bad_3))
  (export "path_unlink_file" (func $bad_3))
  (func $bad_5 (param i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (func $bad_6 (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (export "path_filestat_get" (func $bad_5))
  (export "path_symlink" (func $bad_5))
  (export "path_readlink" (func $bad_6))
  (export "path_rename" (func $bad_6))
  (func (export "path_link") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "path_filestat_set_times") (param i32 i32 i32 i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "path_open") (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32) (i32.const 8))

  ;; Sockets: likewise.

  (export "sock_shutdown" (func $bad_2))
  (export "sock_accept" (func $bad_3))
  (export "sock_send" (func $bad_5))
  (export "sock_recv" (func $bad_6))

  ;; Go asks this of the module that stands here, in place of WASI's own clocks.
  (func (export "adapter_monotonic_clock_set_paused") (param i32))
)
