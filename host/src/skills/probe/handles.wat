;; Makes handles without end and drops none.
(component
  (type $thing (resource (rep i32)))
  (core func $new (canon resource.new $thing))
  (core module $guest
    (import "host" "new" (func $new (param i32) (result i32)))
    (func (export "run") (loop $on (drop (call $new (i32.const 1))) (br $on))))
  (core instance $host (export "new" (func $new)))
  (core instance $instance (instantiate $guest (with "host" (instance $host))))
  (func (export "run") (canon lift (core func $instance "run"))))
