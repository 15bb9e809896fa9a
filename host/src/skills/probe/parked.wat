;; Waits in a call of the host that does not return.
(component
  (import "park" (func $park))
  (core func $park (canon lower (func $park)))
  (core module $guest
    (import "host" "park" (func $park))
    (func (export "run") (call $park)))
  (core instance $host (export "park" (func $park)))
  (core instance $instance (instantiate $guest (with "host" (instance $host))))
  (func (export "run") (canon lift (core func $instance "run"))))
