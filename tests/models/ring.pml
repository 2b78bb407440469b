/* The ring between a producer and the drain (src/sdk/runtime/ring.h): filling, wrapping, and going on in a larger ring.
 *
 * Every frame is a number. The drain must see 1, 2, 3 ... in order, none before it was written, and in the end all that were not
 * dropped. Stores are in program order here; in the code release and acquire on tail, head and next give just that.
 * MUTANT_NEXT_AFTER_TAIL reads `next` after `tail`, and loses the frames written between the two.
 */
#define FRAMES 6
#define SMALL 2
#define LARGE 3

byte small_slots[SMALL], large_slots[LARGE];
byte tail[2], head[2];
bool has_next, produced_all;
byte dropped, consumed, last_seen;

active proctype producer() {
  byte ring = 0, frame = 1;
  do
  :: frame > FRAMES -> break
  :: else ->
    if
    :: ring == 0 && tail[0] - head[0] < SMALL ->
      small_slots[tail[0] % SMALL] = frame;
      tail[0]++;
      frame++
    :: ring == 0 && tail[0] - head[0] == SMALL ->
      ring = 1;       /* use_ring(larger) */
      has_next = true /* old->next.store, after the last tail of the old */
    :: ring == 1 && tail[1] - head[1] < LARGE ->
      large_slots[tail[1] % LARGE] = frame;
      tail[1]++;
      frame++
    :: ring == 1 && tail[1] - head[1] == LARGE ->
      dropped++; /* the largest ring is full */
      frame++
    fi
  od;
  produced_all = true
}

active proctype drain() {
  byte ring = 0, until, frame;
  bool next, finished;
  do
  :: finished = produced_all; /* one more round after the producer's end */
#ifdef MUTANT_NEXT_AFTER_TAIL
    until = tail[ring];
    next = (ring == 0 && has_next);
#else
    next = (ring == 0 && has_next);
    until = tail[ring];
#endif
    do
    :: head[ring] == until -> break
    :: else ->
      if
      :: ring == 0 -> frame = small_slots[head[0] % SMALL]
      :: else -> frame = large_slots[head[1] % LARGE]
      fi;
      assert(frame > last_seen);
      last_seen = frame;
      consumed++;
      head[ring]++
    od;
    if
    :: next -> ring = 1
    :: !next && finished -> break
    :: else
    fi
  od;
  assert(consumed + dropped == FRAMES)
}
