;; Crashes.
(module
  (memory (export "memory") 2)
  (;allocator;)
  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32)
    unreachable))
