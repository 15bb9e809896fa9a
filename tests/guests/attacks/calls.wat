;; Calls the skill `NAME` so often as TIMES says, or until a call fails where STOP is 1. Returns how many went well, and
;; the output or the failure of the last one.
(module
  (import "skillet:skill/skills@0.1.0" "call" (func $call (param i32 i32 i32 i32 i32)))
  (memory (export "memory") 2)
  (data (i32.const 1024) "NAME")
  (data (i32.const 2048) "{}")
  (;allocator;)
  (;report;)
  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32) (param $input i32) (param $length i32) (param i32 i32 i32 i32 i64) (result i32)
    (local $made i32) (local $left i32)
    (local.set $left (i32.const TIMES))
    (block $done
      (loop $on
        (call $call (i32.const 1024) (i32.const LENGTH) (i32.const 2048) (i32.const 2) (i32.const 64))
        (if (i32.load8_u (i32.const 64))
          (then (br_if $done (i32.const STOP)))
          (else (local.set $made (i32.add (local.get $made) (i32.const 1)))))
        (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
    (if (result i32) (i32.load8_u (i32.const 64))
      (then (call $report (local.get $made) (i32.const 1) (i32.load (i32.const 72)) (i32.load (i32.const 76))))
      (else (call $report (local.get $made) (i32.const 0) (i32.load (i32.const 68)) (i32.load (i32.const 72)))))))
