;; Takes memory, a MiB at a time, and crashes when there is no more.
(module
  (memory (export "memory") 2)
  (;allocator;)
  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32)
    (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    unreachable))
