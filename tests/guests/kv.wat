;; Asks the store for the key "k" and returns an empty object, whatever it was told.
(module
  (import "skillet:skill/kv@0.1.0" "get" (func $get (param i32 i32 i32)))
  (memory (export "memory") 2)
  (data (i32.const 1024) "k")
  (data (i32.const 1032) "{}")
  (;allocator;)
  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32)
    (call $get (i32.const 1024) (i32.const 1) (i32.const 64))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 1032))
    (i32.store (i32.const 24) (i32.const 2))
    (i32.const 16)))
