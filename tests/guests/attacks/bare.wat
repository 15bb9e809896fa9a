;; The same as a whole component, for what cannot be said in a core module: several modules, resources, imports of
;; others, exports of other types. What differs is put in for the words in comments.
(component
  (import "skillet:skill/types@0.1.0" (instance $types
    (type $text string)
    (export "json" (type $json (eq $text)))
    (type $fields (record
      (field "id" string) (field "attempt" u32) (field "input" $json) (field "locale" string)
      (field "time-zone" string) (field "deadline-ms" u64)))
    (export "call" (type $call (eq $fields)))
    (type $cases (variant
      (case "invalid-input" string) (case "unavailable" string) (case "denied" string) (case "failed" string)))
    (export "failure" (type $failure (eq $cases)))))
  (alias export $types "call" (type $call))
  (alias export $types "failure" (type $failure))
  (;before;)
  (core module $guest
    (;imports;)
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 65536))
    (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
      (global.get $next)
      (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get $size)) (i32.const 15)) (i32.const -16))))
    (;fields;)
    (func (export "run")
      (param i32 i32 i32) (param $input i32) (param $length i32) (param i32 i32 i32 i32 i64) (result i32)
      (;run;)
      (i32.store8 (i32.const 16) (i32.const 0))
      (i32.store (i32.const 20) (local.get $input))
      (i32.store (i32.const 24) (local.get $length))
      (i32.const 16)))
  (core instance $guest (instantiate $guest (;with;)))
  (func $run (param "call" $call) (result (result string (error $failure)))
    (canon lift (core func $guest "run") (memory (core memory $guest "memory"))
      (realloc (core func $guest "cabi_realloc"))))
  (instance $skill (export "run" (func $run)))
  (export "skillet:skill/skill@0.1.0" (instance $skill))
  (;after;))
