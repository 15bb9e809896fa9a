;; Breaks the limit that its input names by one letter, as in "a". What it does wrong is in plain sight.
(module
  (import "skillet:skill/log@0.1.0" "write" (func $log (param i32 i32 i32)))
  (import "skillet:skill/clock@0.1.0" "now-ms" (func $now (result i64)))
  (import "skillet:skill/progress@0.1.0" "report" (func $report (param i32 i32 i32 i32)))
  (memory (export "memory") 2)
  (table $elements 1 funcref)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (i32.and (i32.add (local.get $size) (i32.const 7)) (i32.const -8)))))
  (func $answer (param $length i32) (result i32)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 1024))
    (i32.store (i32.const 24) (local.get $length))
    (i32.const 16))
  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32) (param $input i32) (param $length i32) (param i32 i32 i32 i32 i64) (result i32)
    (local $what i32) (local $n i32)
    (local.set $what (i32.load8_u offset=1 (local.get $input)))
    (memory.fill (i32.const 1024) (i32.const 49) (i32.const 60000))
    ;; l: computes without end
    (if (i32.eq (local.get $what) (i32.const 0x6c)) (then (loop $on (br $on))))
    ;; m: takes memory until it gets none
    (if (i32.eq (local.get $what) (i32.const 0x6d)) (then
      (loop $on (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (unreachable)))
    ;; t: takes elements of a table until it gets none
    (if (i32.eq (local.get $what) (i32.const 0x74)) (then
      (loop $on (br_if $on (i32.ne (table.grow $elements (ref.null func) (i32.const 100)) (i32.const -1)))) (unreachable)))
    ;; o: a long output
    (if (i32.eq (local.get $what) (i32.const 0x6f)) (then (return (call $answer (i32.const 60000)))))
    ;; s: a thousand short lines of log
    (if (i32.eq (local.get $what) (i32.const 0x73)) (then
      (loop $on
        (call $log (i32.const 1) (i32.const 1024) (i32.const 1))
        (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000))))))
    ;; b: twenty long lines of log
    (if (i32.eq (local.get $what) (i32.const 0x62)) (then
      (loop $on
        (call $log (i32.const 1) (i32.const 1024) (i32.const 2000))
        (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 20))))))
    ;; h: calls the host without end
    (if (i32.eq (local.get $what) (i32.const 0x68)) (then (loop $on (drop (call $now)) (br $on))))
    ;; d: passes bytes to the host without end
    (if (i32.eq (local.get $what) (i32.const 0x64)) (then
      (loop $on (call $report (i32.const 1) (i32.const 1) (i32.const 1024) (i32.const 1000)) (br $on))))
    (call $answer (i32.const 1))))
