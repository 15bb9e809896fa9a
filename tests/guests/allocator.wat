  (global $next (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32) (local $lacking i32)
    (local.set $at
      (i32.and
        (i32.sub (i32.add (global.get $next) (local.get $align)) (i32.const 1))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (local.set $lacking
      (i32.sub
        (i32.div_u (i32.add (global.get $next) (i32.const 65535)) (i32.const 65536))
        (memory.size)))
    (if (i32.gt_s (local.get $lacking) (i32.const 0))
      (then (if (i32.eq (memory.grow (local.get $lacking)) (i32.const -1)) (then unreachable))))
    (local.get $at))
