/* The ring between a producer and the drain (src/sdk/runtime/ring.h): filling, wrapping, and going on in a larger ring, which the
 * producer makes when it is full, or the drain has made before and offers.
 *
 * Every frame is a number. The drain must see 1, 2, 3 ... in order, none before it was written, and in the end all that were not
 * dropped. Of the larger rings that were made all are freed but the one in use or on offer, and never one in use. Stores are in
 * program order here; in the code release and acquire on tail, head, next and larger give just that. Pads and frames that travel
 * by pointer are frames like others.
 * MUTANT_NEXT_AFTER_TAIL reads `next` after `tail`, and loses the frames written between the two.
 * MUTANT_TAKE_AFTER_NEXT goes on in the offered ring before it takes it off the old one, with which the drain then frees it.
 * MUTANT_OFFER_UNFREED forgets an offer that came after the producer had made its own.
 */
#define FRAMES 5
#define SMALL 2
#define LARGE 2

byte small_slots[SMALL], large_slots[LARGE];
byte tail[2], head[2];
bool has_next, offered, produced_all;
byte made, freed;            /* larger rings */
bool large_is_the_offered, offered_is_freed;
byte dropped, consumed, last_seen;

active proctype producer() {
  byte ring = 0, frame = 1;
  do
  :: frame > FRAMES -> break
  :: else ->
    if
    :: ring == 0 && offered -> /* take_larger */
#ifdef MUTANT_TAKE_AFTER_NEXT
      large_is_the_offered = true;
      has_next = true;
      offered = false;
#else
      offered = false;
      large_is_the_offered = true;
      has_next = true; /* old->next.store, after the last tail of the old */
#endif
      ring = 1
    :: ring == 0 && tail[0] - head[0] < SMALL ->
      small_slots[tail[0] % SMALL] = frame;
      tail[0]++;
      frame++
    :: ring == 0 && tail[0] - head[0] == SMALL && !offered ->
      if
      :: true -> made++; has_next = true; ring = 1
      :: true -> dropped++; frame++ /* the system has no memory for it */
      fi
    :: ring == 1 && tail[1] - head[1] < LARGE ->
      large_slots[tail[1] % LARGE] = frame;
      tail[1]++;
      frame++
    :: ring == 1 && tail[1] - head[1] == LARGE ->
      dropped++; /* the largest ring is full */
      frame++
    fi;
    assert(!(large_is_the_offered && offered_is_freed))
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
    if /* offer_larger_ring: it need not know yet that the producer has gone on */
    :: ring == 0 && !next && !offered && made == 0 -> made++; offered = true
    :: true
    fi;
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
    :: next ->
#ifndef MUTANT_OFFER_UNFREED
      if /* destroy_ring of the old: with it goes what it still offers */
      :: offered -> offered = false; freed++; offered_is_freed = true
      :: else
      fi;
#endif
      ring = 1
    :: !next && finished -> break
    :: else
    fi
  od;
  assert(consumed + dropped == FRAMES);
  assert(made - freed == (ring == 1 -> 1 : offered))
}
