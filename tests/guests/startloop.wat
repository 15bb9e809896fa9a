;; Loops before anything of it is called.
(module
  (memory (export "memory") 2)
  (;allocator;)
  (func $start (loop $for_ever (br $for_ever)))
  (start $start)
  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32)
    unreachable))
