;; Asks the server `AUTHORITY` for `PATH` through `wasi:http`, in the way that the letter of its input names, as in
;; `{"x":"f"}`, and returns its input.
(module
  (import "wasi:http/types@0.2.0" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.0" "[method]fields.append" (func $append (param i32 i32 i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[constructor]outgoing-request" (func $request (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.body" (func $body (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-path-with-query"
    (func $set_path (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-scheme"
    (func $set_scheme (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-authority"
    (func $set_authority (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[constructor]request-options" (func $options (result i32)))
  (import "wasi:http/types@0.2.0" "[method]request-options.set-connect-timeout"
    (func $set_connect (param i32 i32 i64) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]request-options.set-first-byte-timeout"
    (func $set_first (param i32 i32 i64) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]request-options.set-between-bytes-timeout"
    (func $set_between (param i32 i32 i64) (result i32)))
  (import "wasi:http/outgoing-handler@0.2.0" "handle" (func $handle (param i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]future-incoming-response.subscribe" (func $subscribe (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[resource-drop]future-incoming-response" (func $drop_future (param i32)))
  (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 1024) "AUTHORITY")
  (data (i32.const 2048) "PATH")
  (data (i32.const 3072) "content-length")
  (data (i32.const 3100) "5")
  (;allocator;)

  (func $new (result i32)
    (local $request i32)
    (local.set $request (call $request (call $fields)))
    (drop (call $set_scheme (local.get $request) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
    (if (call $set_authority (local.get $request) (i32.const 1) (i32.const 1024) (i32.const AUTHORITY_LENGTH))
      (then unreachable))
    (if (call $set_path (local.get $request) (i32.const 1) (i32.const 2048) (i32.const PATH_LENGTH)) (then unreachable))
    (local.get $request))
  (func $send (param $request i32) (param $whether i32) (param $options i32) (result i32)
    (call $handle (local.get $request) (local.get $whether) (local.get $options) (i32.const 64))
    (if (i32.load8_u (i32.const 64)) (then unreachable))
    (i32.load (i32.const 72)))
  (func $in (param $time i64)
    (local $options i32)
    (local.set $options (call $options))
    (drop (call $set_connect (local.get $options) (i32.const 1) (local.get $time)))
    (drop (call $set_first (local.get $options) (i32.const 1) (local.get $time)))
    (drop (call $set_between (local.get $options) (i32.const 1) (local.get $time)))
    (call $block (call $subscribe (call $send (call $new) (i32.const 1) (local.get $options)))))

  (func (export "skillet:skill/skill@0.1.0#run")
    (param i32 i32 i32) (param $input i32) (param $length i32) (param i32 i32 i32 i32 i64) (result i32)
    (local $letter i32) (local $n i32)
    (local.set $letter (i32.load8_u offset=6 (local.get $input)))
    ;; f: ten thousand requests, each dropped at once
    (if (i32.eq (local.get $letter) (i32.const 0x66))
      (then
        (loop $on
          (call $drop_future (call $send (call $new) (i32.const 0) (i32.const 0)))
          (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 10000))))))
    ;; k: requests without end, none dropped
    (if (i32.eq (local.get $letter) (i32.const 0x6b))
      (then (loop $on (drop (call $send (call $new) (i32.const 0) (i32.const 0))) (br $on))))
    ;; w: two hundred requests, one after the other, whose answers are waited for and never read
    (if (i32.eq (local.get $letter) (i32.const 0x77))
      (then
        (loop $on
          (call $block (call $subscribe (call $send (call $new) (i32.const 0) (i32.const 0))))
          (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 200))))))
    ;; h: headers without end
    (if (i32.eq (local.get $letter) (i32.const 0x68))
      (then (loop $on (drop (call $fields)) (br $on))))
    ;; g: one header of 60,000 bytes after the other, until it is refused
    (if (i32.eq (local.get $letter) (i32.const 0x67))
      (then
        (memory.fill (i32.const 4096) (i32.const 0x61) (i32.const 60000))
        (local.set $n (call $fields))
        (loop $on
          (call $append
            (local.get $n) (i32.const 3072) (i32.const 7) (i32.const 4096) (i32.const 60000) (i32.const 64))
          (br_if $on (i32.eqz (i32.load8_u (i32.const 64)))))))
    ;; u: a request whose body is begun and never finished
    (if (i32.eq (local.get $letter) (i32.const 0x75))
      (then
        (local.set $n (call $new))
        (call $body (local.get $n) (i32.const 64))
        (call $block (call $subscribe (call $send (local.get $n) (i32.const 0) (i32.const 0))))))
    ;; t: no time, one nanosecond, and all the time there is
    (if (i32.eq (local.get $letter) (i32.const 0x74))
      (then (call $in (i64.const 0)) (call $in (i64.const 1)) (call $in (i64.const -1))))
    ;; l: two lengths of a body
    (if (i32.eq (local.get $letter) (i32.const 0x6c))
      (then
        (local.set $n (call $fields))
        (call $append
          (local.get $n) (i32.const 3072) (i32.const 14) (i32.const 3100) (i32.const 1) (i32.const 64))
        (call $append
          (local.get $n) (i32.const 3072) (i32.const 14) (i32.const 3100) (i32.const 1) (i32.const 80))
        (local.set $n (call $request (local.get $n)))
        (drop (call $set_scheme (local.get $n) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
        (drop (call $set_authority (local.get $n) (i32.const 1) (i32.const 1024) (i32.const AUTHORITY_LENGTH)))
        (drop (call $set_path (local.get $n) (i32.const 1) (i32.const 2048) (i32.const PATH_LENGTH)))
        ;; It may be refused here.
        (call $handle (local.get $n) (i32.const 0) (i32.const 0) (i32.const 64))
        (if (i32.eqz (i32.load8_u (i32.const 64))) (then (call $block (call $subscribe (i32.load (i32.const 72))))))))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get $input))
    (i32.store (i32.const 24) (local.get $length))
    (i32.const 16)))
