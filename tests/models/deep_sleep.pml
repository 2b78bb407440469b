/* Going to the deep sleep without missing a span (Drain::rest, push_frame, DrainSignal).
 *
 * An End reads its thread's soft limit. Where that is set, it publishes and looks at nothing: on the inlined path, or past a
 * watermark, where it sets the limit again. Where the drain has zeroed it, it publishes, then looks at the kind of sleep, while
 * the drain says that it sleeps, then looks at the rings: one of the two sees the other. An End that began before that is
 * over when the arming sleep is; that is assumed here (Drain sleeps 10 ms; if a thread is held up for longer, the
 * drain finds its span after the longest sleep). Such an End may set the limit again though its span was drained before, so
 * after the arming sleep the drain looks whether all limits are still zero. A drain that stays asleep while a span waits is a
 * deadlock of this model.
 * MUTANT_NO_SECOND_LOOK leaves out the look at the rings, MUTANT_NO_ARMING_SLEEP the arming sleep; MUTANT_CUT_SHORT takes one that
 * an event cut short for a whole one, MUTANT_OLD_NEWS does not look at the limits again, and with MUTANT_LOOK_FIRST the producer
 * looks at the kind of sleep before it publishes.
 */
#define SPANS 4
#define AWAKE 0
#define DEEP 1

byte tail, head, sleep_kind;
bool soft, event, producer_done;
bool in_end, under_way; /* in an End; in one that began before the limit was zeroed */

inline look() {
  if
  :: sleep_kind == DEEP ->
    atomic { sleep_kind = AWAKE; event = true } /* exchange, then the write to the eventfd */
  :: else
  fi
}

active proctype producer() {
  byte i = 0;
  do
  :: i == SPANS -> break
  :: else ->
    in_end = true;
    if
    :: soft -> tail++
    :: soft -> tail++; soft = true
    :: !soft ->
#ifdef MUTANT_LOOK_FIRST
      look();
      tail++;
#else
      tail++;
      look();
#endif
      soft = true
    fi;
    atomic { in_end = false; under_way = false }
    i++
  od;
  producer_done = true
}

active proctype drain() {
  bool told = false; /* an arming sleep has passed since the limits were zeroed */
  do
  :: if /* one round of work */
    :: head != tail -> head = tail; told = false
    :: else
    fi;
    if
#ifdef MUTANT_OLD_NEWS
    :: told ->
#else
    :: told && !soft ->
#endif
      sleep_kind = DEEP;
      if
#ifdef MUTANT_NO_SECOND_LOOK
      :: true ->
#else
      :: head == tail ->
#endif
        if
        :: event -> event = false; told = false
        :: producer_done && head == tail -> goto end
        fi
#ifndef MUTANT_NO_SECOND_LOOK
      :: else
#endif
      fi
    :: else ->
      told = false;
      atomic { soft = false; under_way = in_end }
      sleep_kind = DEEP;
#ifdef MUTANT_NO_ARMING_SLEEP
      told = true
#else
      if
#ifdef MUTANT_CUT_SHORT
      :: event -> event = false; told = true
#else
      :: event -> event = false
#endif
      :: !under_way -> told = true
      fi
#endif
    fi;
    sleep_kind = AWAKE
  od;
end:
  skip
}
