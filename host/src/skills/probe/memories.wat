;; Takes memory in two linear memories, in each less than the limit.
(component
  (core module $guest
    (memory 1)
    (func (export "run")
      (if (i32.eq (memory.grow (i32.const 11)) (i32.const -1)) (then (unreachable)))))
  (core module $both
    (import "one" "run" (func $one))
    (import "other" "run" (func $other))
    (func (export "run") (call $one) (call $other)))
  (core instance $one (instantiate $guest))
  (core instance $other (instantiate $guest))
  (core instance $instance (instantiate $both (with "one" (instance $one)) (with "other" (instance $other))))
  (func (export "run") (canon lift (core func $instance "run"))))
