;; Returns a text that is fixed when it is built; `OUTPUT` and `LENGTH` are put in by the harness.
(module
  (memory (export "memory") 2)
  (data (i32.const 1024) "OUTPUT")
  (;allocator;)
  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 1024))
    (i32.store (i32.const 24) (i32.const LENGTH))
    (i32.const 16)))
