;; Unpacks one LZ4 block (LZ4 documentation, "LZ4 Block Format Description"): sequences of a token, literals, and a match
;; in what was unpacked before. Speed comes from copying 16 bytes at a time past the end of what is wanted: what is
;; written too much is written over by what comes next, so 64 bytes behind `limit` and behind `end` must be memory too.
;;
;; After a change: npm run wasm, which makes block-module.ts of this.
(module
  (memory (export "memory") 1)

  ;; at, end    the block
  ;; to, limit  where its content goes, and what it must not go beyond
  ;; floor      where what matches may refer to begins
  ;; result     the end of its content; -1 when the block is broken or has more content than there is room for
  (func (export "unpackBlock")
    (param $at i32) (param $end i32) (param $to i32) (param $limit i32) (param $floor i32)
    (result i32)
    (local $token i32) (local $length i32) (local $byte i32) (local $offset i32) (local $from i32) (local $stop i32)
    (block $broken
      (loop $sequence
        (br_if $broken (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $token (i32.load8_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))

        ;; Literals. 15 in the token: bytes to be added follow, up to one that is not 255. Blocks are 4 MiB at most, so no
        ;; sum of them comes near 2^32.
        (local.set $length (i32.shr_u (local.get $token) (i32.const 4)))
        (if (i32.eq (local.get $length) (i32.const 15))
          (then
            (loop $more
              (br_if $broken (i32.ge_u (local.get $at) (local.get $end)))
              (local.set $byte (i32.load8_u (local.get $at)))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (local.set $length (i32.add (local.get $length) (local.get $byte)))
              (br_if $more (i32.eq (local.get $byte) (i32.const 255))))))
        (br_if $broken (i32.gt_u (local.get $length) (i32.sub (local.get $end) (local.get $at))))
        (br_if $broken (i32.gt_u (local.get $length) (i32.sub (local.get $limit) (local.get $to))))
        (v128.store align=1 (local.get $to) (v128.load align=1 (local.get $at)))
        (if (i32.gt_u (local.get $length) (i32.const 16))
          (then
            (if (i32.gt_u (local.get $length) (i32.const 64))
              (then (memory.copy (local.get $to) (local.get $at) (local.get $length)))
              (else
                (v128.store offset=16 align=1 (local.get $to) (v128.load offset=16 align=1 (local.get $at)))
                (v128.store offset=32 align=1 (local.get $to) (v128.load offset=32 align=1 (local.get $at)))
                (v128.store offset=48 align=1 (local.get $to) (v128.load offset=48 align=1 (local.get $at)))))))
        (local.set $at (i32.add (local.get $at) (local.get $length)))
        (local.set $to (i32.add (local.get $to) (local.get $length)))
        ;; The last sequence has literals only.
        (if (i32.eq (local.get $at) (local.get $end)) (then (return (local.get $to))))

        ;; Match: how far back, then its length, four less and extended as above.
        (br_if $broken (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 2)))
        (local.set $offset (i32.load16_u align=1 (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (br_if $broken (i32.eqz (local.get $offset)))
        (br_if $broken (i32.gt_u (local.get $offset) (i32.sub (local.get $to) (local.get $floor))))
        (local.set $length (i32.and (local.get $token) (i32.const 15)))
        (if (i32.eq (local.get $length) (i32.const 15))
          (then
            (loop $more
              (br_if $broken (i32.ge_u (local.get $at) (local.get $end)))
              (local.set $byte (i32.load8_u (local.get $at)))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (local.set $length (i32.add (local.get $length) (local.get $byte)))
              (br_if $more (i32.eq (local.get $byte) (i32.const 255))))))
        (local.set $length (i32.add (local.get $length) (i32.const 4)))
        (br_if $broken (i32.gt_u (local.get $length) (i32.sub (local.get $limit) (local.get $to))))
        (local.set $from (i32.sub (local.get $to) (local.get $offset)))
        (local.set $stop (i32.add (local.get $to) (local.get $length)))

        ;; A match may reach into itself: no step may be longer than it is far back.
        (if (i32.ge_u (local.get $offset) (i32.const 16))
          (then
            (loop $copy
              (v128.store align=1 (local.get $to) (v128.load align=1 (local.get $from)))
              (local.set $from (i32.add (local.get $from) (i32.const 16)))
              (local.set $to (i32.add (local.get $to) (i32.const 16)))
              (br_if $copy (i32.lt_u (local.get $to) (local.get $stop)))))
          (else
            (if (i32.ge_u (local.get $offset) (i32.const 8))
              (then
                (loop $copy
                  (i64.store align=1 (local.get $to) (i64.load align=1 (local.get $from)))
                  (local.set $from (i32.add (local.get $from) (i32.const 8)))
                  (local.set $to (i32.add (local.get $to) (i32.const 8)))
                  (br_if $copy (i32.lt_u (local.get $to) (local.get $stop)))))
              (else
                (loop $copy
                  (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
                  (local.set $from (i32.add (local.get $from) (i32.const 1)))
                  (local.set $to (i32.add (local.get $to) (i32.const 1)))
                  (br_if $copy (i32.lt_u (local.get $to) (local.get $stop))))))))
        (local.set $to (local.get $stop))
        (br $sequence)))
    (i32.const -1)))
