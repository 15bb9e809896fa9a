;; Logs its input and returns it.
(module
  (import "skillet:skill/log@0.1.0" "write" (func $log (param i32 i32 i32)))
  (memory (export "memory") 2)
  (;allocator;)
  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32) (param $input i32) (param $length i32) (param i32 i32 i32 i32 i64) (result i32)
    (call $log (i32.const 1) (local.get $input) (local.get $length))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get $input))
    (i32.store (i32.const 24) (local.get $length))
    (i32.const 16)))
