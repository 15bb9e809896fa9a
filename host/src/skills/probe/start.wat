;; Computes without end before it can be called.
(component
  (core module $guest
    (func $on (loop $on (br $on)))
    (func (export "run"))
    (start $on))
  (core instance $instance (instantiate $guest))
  (func (export "run") (canon lift (core func $instance "run"))))
