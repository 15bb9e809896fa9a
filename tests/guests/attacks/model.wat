;; Asks the small model the same again and again, for 1,000 tokens each time, and stops when it is refused. Returns how
;; many answers came, and the last refusal.
(module
  (import "skillet:skill/llm@0.1.0" "complete" (func $complete (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 2)
  (data (i32.const 1024) "once more")
  (;allocator;)
  (;report;)
  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32) (param $input i32) (param $length i32) (param i32 i32 i32 i32 i64) (result i32)
    (local $answers i32)
    (block $refused
      (loop $on
        (call $complete
          (i32.const 0) (i32.const 1024) (i32.const 9) (i32.const 1024) (i32.const 9)
          (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1000) (i32.const 64))
        (br_if $refused (i32.load8_u (i32.const 64)))
        (local.set $answers (i32.add (local.get $answers) (i32.const 1)))
        (br $on)))
    (call $report (local.get $answers) (i32.const 1) (i32.load (i32.const 72)) (i32.load (i32.const 76)))))
