;; Two kinds of code that fuel and epochs slow down by different amounts.
(component
  (core module $guest
    (memory 1)
    ;; A loop that mixes a number, each step waiting for the one before, and counts what comes out in a table.
    (func (export "loop") (param $n i32) (result i32)
      (local $mixed i32) (local $at i32)
      (local.set $mixed (i32.const 88172645))
      (loop $on
        (local.set $mixed (i32.xor (local.get $mixed) (i32.shl (local.get $mixed) (i32.const 13))))
        (local.set $mixed (i32.xor (local.get $mixed) (i32.shr_u (local.get $mixed) (i32.const 17))))
        (local.set $mixed (i32.xor (local.get $mixed) (i32.shl (local.get $mixed) (i32.const 5))))
        (local.set $at (i32.and (local.get $mixed) (i32.const 0xfffc)))
        (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (i32.const 1)))
        (br_if $on (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $mixed))
    ;; Fibonacci numbers without any memory of the last ones: nothing but calls.
    (func $calls (export "calls") (param $n i32) (result i32)
      (if (i32.lt_u (local.get $n) (i32.const 2)) (then (return (local.get $n))))
      (i32.add
        (call $calls (i32.sub (local.get $n) (i32.const 1)))
        (call $calls (i32.sub (local.get $n) (i32.const 2))))))
  (core instance $guest (instantiate $guest))
  (func (export "loop") (param "n" u32) (result u32) (canon lift (core func $guest "loop")))
  (func (export "calls") (param "n" u32) (result u32) (canon lift (core func $guest "calls"))))
