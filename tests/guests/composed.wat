;; Two components, each with a memory of its own, and a text that crosses: what JavaScript guests are made of.
(component
  (component $inner
    (core module $m
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
      (func (export "length") (param i32 i32) (result i32) local.get 1))
    (core instance $i (instantiate $m))
    (func (export "length") (param "text" string) (result u32)
      (canon lift (core func $i "length") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (instance $inner (instantiate $inner))
  (component $outer
    (import "length" (func $length (param "text" string) (result u32)))
    (core module $libc (memory (export "memory") 1))
    (core instance $libc (instantiate $libc))
    (core func $length (canon lower (func $length) (memory (core memory $libc "memory"))))
    (core module $m
      (import "" "length" (func $length (param i32 i32) (result i32)))
      (func (export "run") (result i32) i32.const 0 i32.const 5 call $length))
    (core instance $i (instantiate $m (with "" (instance (export "length" (func $length))))))
    (func (export "run") (result u32) (canon lift (core func $i "run"))))
  (instance (instantiate $outer (with "length" (func $inner "length")))))
