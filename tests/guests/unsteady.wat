;; Says that something is away on its first attempt, and returns its input on a later one.
(module
  (memory (export "memory") 2)
  (data (i32.const 1024) "not just now")
  (;allocator;)
  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32) (param $attempt i32) (param $input i32) (param $length i32) (param i32 i32 i32 i32 i64) (result i32)
    (if (i32.eq (local.get $attempt) (i32.const 1)) (then
      (i32.store8 (i32.const 16) (i32.const 1))
      ;; `unavailable` is the second case of a failure.
      (i32.store8 (i32.const 20) (i32.const 1))
      (i32.store (i32.const 24) (i32.const 1024))
      (i32.store (i32.const 28) (i32.const 12))
      (return (i32.const 16))))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get $input))
    (i32.store (i32.const 24) (local.get $length))
    (i32.const 16)))
