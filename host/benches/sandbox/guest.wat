;; What every guest of the benchmark is: the memory that a small one in Rust asks for, an allocator that never
;; takes back, and an export that works and then returns $length bytes at $at, which begin as its input.
(module
  (;imports;)
  (memory (export "memory") 17)
  (data (i32.const 1024) "(;text;)")
  (global $next (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.sub (i32.add (global.get $next) (local.get $align)) (i32.const 1))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  (func (export "(;name;)") (;parameters;) (result i32)
    (local $n i32)
    (;work;)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get $at))
    (i32.store (i32.const 24) (local.get $length))
    (i32.const 16)))
