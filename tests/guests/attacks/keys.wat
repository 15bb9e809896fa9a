;; Returns `{"aaaaaa":1,"aaaaab":1,…}` with so many keys as COUNT says.
(module
  (memory (export "memory") 300)
  (;allocator;)
  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32)
    (local $at i32) (local $n i32) (local $digit i32)
    (local.set $at (i32.const 131073))
    (i32.store8 (i32.const 131072) (i32.const 0x7b))
    (loop $key
      (i32.store8 (local.get $at) (i32.const 0x22))
      (local.set $digit (i32.const 0))
      (loop $letter
        (i32.store8
          (i32.sub (i32.add (local.get $at) (i32.const 6)) (local.get $digit))
          (i32.add
            (i32.const 0x61)
            (i32.and
              (i32.shr_u (local.get $n) (i32.mul (local.get $digit) (i32.const 4)))
              (i32.const 15))))
        (br_if $letter
          (i32.lt_u (local.tee $digit (i32.add (local.get $digit) (i32.const 1))) (i32.const 6))))
      (i32.store offset=7 align=1 (local.get $at) (i32.const 0x2c313a22))
      (local.set $at (i32.add (local.get $at) (i32.const 11)))
      (br_if $key (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const COUNT))))
    (i32.store8 (i32.sub (local.get $at) (i32.const 1)) (i32.const 0x7d))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 131072))
    (i32.store (i32.const 24) (i32.sub (local.get $at) (i32.const 131072)))
    (i32.const 16)))
