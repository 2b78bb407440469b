/* Going to the deep sleep without missing a span (Drain::rest, push_frame, DrainSignal): the producer publishes, then looks at
 * the kind of sleep; the drain says that it sleeps, then looks at the rings. One of the two sees the other.
 *
 * The producer here is on its slow path, as every producer is once its soft limit is zero. A drain that stays asleep while a
 * span waits is a deadlock of this model. MUTANT_NO_SECOND_LOOK leaves out the look at the rings.
 */
#define SPANS 3
#define AWAKE 0
#define DEEP 1

byte tail, head, sleep_kind;
bool event, producer_done;

active proctype producer() {
  byte i = 0;
  do
  :: i == SPANS -> break
  :: else ->
    tail++;
    i++;
    if
    :: sleep_kind == DEEP ->
      atomic { sleep_kind = AWAKE; event = true } /* exchange, then the write to the eventfd */
    :: else
    fi
  od;
  producer_done = true
}

active proctype drain() {
  do
  :: head = tail; /* one round of work */
    sleep_kind = DEEP;
    if
#ifdef MUTANT_NO_SECOND_LOOK
    :: true ->
#else
    :: head == tail ->
#endif
      if
      :: event -> event = false
      :: producer_done && head == tail -> goto end
      fi
#ifndef MUTANT_NO_SECOND_LOOK
    :: else
#endif
    fi;
    sleep_kind = AWAKE
  od;
end:
  skip
}
