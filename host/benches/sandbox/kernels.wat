;; Two kinds of code that fuel and epochs slow down by different amounts.
(component
  (core module $guest
    (memory 1)
    ;; A tight loop with a load and a store.
    (func (export "loop") (param $n i32) (result i32)
      (local $at i32) (local $sum i32)
      (loop $on
        (local.set $at (i32.and (i32.mul (local.get $n) (i32.const 40508)) (i32.const 0xfffc)))
        (local.set $sum (i32.add (i32.rotl (local.get $sum) (i32.const 5)) (i32.load (local.get $at))))
        (i32.store (local.get $at) (i32.xor (local.get $sum) (local.get $n)))
        (br_if $on (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum))
    ;; Fibonacci numbers without any memory of the last ones: nothing but calls.
    (func $calls (export "calls") (param $n i32) (result i32)
      (if (i32.lt_u (local.get $n) (i32.const 2)) (then (return (local.get $n))))
      (i32.add
        (call $calls (i32.sub (local.get $n) (i32.const 1)))
        (call $calls (i32.sub (local.get $n) (i32.const 2))))))
  (core instance $guest (instantiate $guest))
  (func (export "loop") (param "n" u32) (result u32) (canon lift (core func $guest "loop")))
  (func (export "calls") (param "n" u32) (result u32) (canon lift (core func $guest "calls"))))
