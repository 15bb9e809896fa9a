;; Wants an interface that no host lends.
(module
  (import "stranger:things/door@0.1.0" "open" (func $open (result i32)))
  (memory (export "memory") 2)
  (;allocator;)
  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32)
    (call $open)))
