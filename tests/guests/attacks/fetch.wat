;; Sends the request that its input holds, and returns what came of it. The input is `{"x":"…"}`, hexadecimal: a block
;; that is put at 65536 as it is, so that addresses in it are final.
;;
;;   0 method, 8 url, 16 headers, 24 body (address and length each), 32 timeout-ms: the arguments of `fetch`
;;   36 how often it is sent
;;   40 what follows: 0 return all of it; 1 fail as `unavailable` with all of it; 2 fail with the body; 3 log the body
;;      and crash; 4 return the body; 16 more: turn the body round first
;;   44 address and 48 length of what is filled with the byte at 52
;;
;; All of it is a string, hexadecimal: 0, status, headers, length and beginning of the body; or 1, the case of the error
;; and its text.
(module
  (import "skillet:skill/http@0.1.0" "fetch" (func $fetch (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "skillet:skill/log@0.1.0" "write" (func $log (param i32 i32 i32)))
  ;; Up to 0x310000 the block, then what is returned, from 0x600000 what is filled, from 0x1000000 what the host gives.
  (memory (export "memory") 257)
  (global $next (mut i32) (i32.const 0x1000000))
  (global $out (mut i32) (i32.const 0x310001))
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32) (local $lacking i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (local.set $lacking
      (i32.sub (i32.div_u (i32.add (global.get $next) (i32.const 65535)) (i32.const 65536)) (memory.size)))
    (if (i32.gt_s (local.get $lacking) (i32.const 0))
      (then (if (i32.eq (memory.grow (local.get $lacking)) (i32.const -1)) (then unreachable))))
    (local.get $at))

  (func $value (param $digit i32) (result i32)
    (i32.sub (local.get $digit) (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $digit) (i32.const 58)))))
  (func $digit (param $value i32) (result i32)
    (i32.add (local.get $value) (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $value) (i32.const 10)))))
  (func $put (param $byte i32)
    (i32.store8 (global.get $out) (call $digit (i32.shr_u (local.get $byte) (i32.const 4))))
    (i32.store8 offset=1 (global.get $out) (call $digit (i32.and (local.get $byte) (i32.const 15))))
    (global.set $out (i32.add (global.get $out) (i32.const 2))))
  (func $put_word (param $word i32)
    (call $put (i32.and (local.get $word) (i32.const 255)))
    (call $put (i32.and (i32.shr_u (local.get $word) (i32.const 8)) (i32.const 255)))
    (call $put (i32.and (i32.shr_u (local.get $word) (i32.const 16)) (i32.const 255)))
    (call $put (i32.shr_u (local.get $word) (i32.const 24))))
  (func $put_bytes (param $at i32) (param $length i32)
    (call $put_word (local.get $length))
    (block $done
      (loop $on
        (br_if $done (i32.eqz (local.get $length)))
        (call $put (i32.load8_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br $on))))

  (func $read (param $from i32) (param $to i32)
    (local $at i32)
    (local.set $at (i32.const 0x10000))
    (block $done
      (loop $on
        (br_if $done (i32.ge_u (local.get $from) (local.get $to)))
        (i32.store8 (local.get $at)
          (i32.or
            (i32.shl (call $value (i32.load8_u (local.get $from))) (i32.const 4))
            (call $value (i32.load8_u offset=1 (local.get $from)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $from (i32.add (local.get $from) (i32.const 2)))
        (br $on))))

  (func $turn_round (param $from i32) (param $length i32)
    (local $to i32) (local $byte i32)
    (local.set $to (i32.sub (i32.add (local.get $from) (local.get $length)) (i32.const 1)))
    (block $done
      (loop $on
        (br_if $done (i32.ge_s (local.get $from) (local.get $to)))
        (local.set $byte (i32.load8_u (local.get $from)))
        (i32.store8 (local.get $from) (i32.load8_u (local.get $to)))
        (i32.store8 (local.get $to) (local.get $byte))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $to (i32.sub (local.get $to) (i32.const 1)))
        (br $on))))

  ;; All of what stands at 1024, where `fetch` leaves it.
  (func $tell
    (local $header i32) (local $left i32)
    (call $put (i32.load8_u (i32.const 1024)))
    (if (i32.load8_u (i32.const 1024))
      (then
        (call $put (i32.load8_u (i32.const 1028)))
        ;; `timeout` and `too-large` have no text.
        (if (i32.lt_u (i32.sub (i32.load8_u (i32.const 1028)) (i32.const 2)) (i32.const 2))
          (then (call $put_word (i32.const 0)))
          (else (call $put_bytes (i32.load (i32.const 1032)) (i32.load (i32.const 1036))))))
      (else
        (call $put_word (i32.load16_u (i32.const 1028)))
        (local.set $header (i32.load (i32.const 1032)))
        (local.set $left (i32.load (i32.const 1036)))
        (call $put_word (local.get $left))
        (block $done
          (loop $on
            (br_if $done (i32.eqz (local.get $left)))
            (call $put_bytes (i32.load (local.get $header)) (i32.load offset=4 (local.get $header)))
            (call $put_bytes (i32.load offset=8 (local.get $header)) (i32.load offset=12 (local.get $header)))
            (local.set $header (i32.add (local.get $header) (i32.const 16)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br $on)))
        (call $put_word (i32.load (i32.const 1044)))
        (call $put_bytes (i32.load (i32.const 1040))
          (select (i32.load (i32.const 1044)) (i32.const 65536) (i32.lt_u (i32.load (i32.const 1044)) (i32.const 65536)))))))

  (func $answer (param $at i32) (param $length i32) (result i32)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get $at))
    (i32.store (i32.const 24) (local.get $length))
    (i32.const 16))
  (func $fail (param $case i32) (param $at i32) (param $length i32) (result i32)
    (i32.store8 (i32.const 16) (i32.const 1))
    (i32.store8 (i32.const 20) (local.get $case))
    (i32.store (i32.const 24) (local.get $at))
    (i32.store (i32.const 28) (local.get $length))
    (i32.const 16))

  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32) (param $input i32) (param $length i32) (param i32 i32 i32 i32 i64) (result i32)
    (local $left i32) (local $then i32)
    (call $read
      (i32.add (local.get $input) (i32.const 6))
      (i32.sub (i32.add (local.get $input) (local.get $length)) (i32.const 2)))
    (memory.fill (i32.load (i32.const 65580)) (i32.load8_u (i32.const 65588)) (i32.load (i32.const 65584)))
    (local.set $left (i32.load (i32.const 65572)))
    (loop $again
      (call $fetch
        (i32.load (i32.const 65536)) (i32.load (i32.const 65540))
        (i32.load (i32.const 65544)) (i32.load (i32.const 65548))
        (i32.load (i32.const 65552)) (i32.load (i32.const 65556))
        (i32.load (i32.const 65560)) (i32.load (i32.const 65564))
        (i32.load (i32.const 65568))
        (i32.const 1024))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.set $then (i32.load (i32.const 65576)))
    (if (i32.load8_u (i32.const 1024))
      (then (local.set $then (i32.eq (i32.and (local.get $then) (i32.const 15)) (i32.const 1))))
      (else
        (if (i32.and (local.get $then) (i32.const 16))
          (then (call $turn_round (i32.load (i32.const 1040)) (i32.load (i32.const 1044)))))
        (local.set $then (i32.and (local.get $then) (i32.const 15)))))
    (if (i32.eq (local.get $then) (i32.const 2))
      (then (return (call $fail (i32.const 3) (i32.load (i32.const 1040)) (i32.load (i32.const 1044))))))
    (if (i32.eq (local.get $then) (i32.const 3))
      (then (call $log (i32.const 3) (i32.load (i32.const 1040)) (i32.load (i32.const 1044))) unreachable))
    (if (i32.eq (local.get $then) (i32.const 4))
      (then (return (call $answer (i32.load (i32.const 1040)) (i32.load (i32.const 1044))))))
    (i32.store8 (i32.const 0x310000) (i32.const 34))
    (call $tell)
    (i32.store8 (global.get $out) (i32.const 34))
    (if (local.get $then)
      (then
        (return
          (call $fail (i32.const 1) (i32.const 0x310001) (i32.sub (global.get $out) (i32.const 0x310001))))))
    (call $answer (i32.const 0x310000) (i32.sub (global.get $out) (i32.const 0x30ffff)))))
