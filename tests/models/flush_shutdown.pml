/* Flush and shutdown against the export thread (BatchPipeline::flush, shutdown, note_requests, advance; Drain::rest).
 *
 * Two callers end a span each, flush, and check that their span is out; a third shuts down at any time. Exports succeed or fail
 * at once here; what is checked is the handshake: no caller waits for ever, a successful flush has exported what ended before
 * it, and closing happens once. MUTANT_DRAIN_FIRST empties the rings before it reads the requests, so a flush can be answered
 * without its span. MUTANT_NO_CHECK_BEFORE_SLEEP sleeps without asking whether somebody asked meanwhile.
 */
#define CALLERS 2

bool in_ring[CALLERS], exported[CALLERS];
byte flush_requested, flush_done;
bool shutdown_requested, closed, asleep, event;
byte closings;

inline wake() {
  atomic {
    if
    :: asleep -> asleep = false; event = true
    :: else
    fi
  }
}

proctype caller(byte me) {
  byte number;
  in_ring[me] = true;
  if
  :: closed /* fails at once */
  :: else ->
    atomic { flush_requested++; number = flush_requested }
    wake();
    (flush_done >= number || closed);
    if
    :: flush_done >= number -> assert(exported[me])
    :: else
    fi
  fi
}

proctype stopper() {
  shutdown_requested = true;
  wake();
  (closed)
}

proctype export_thread() {
  byte noted, i;
  bool shutdown_noted;
  do
  :: closed -> break
  :: else ->
#ifdef MUTANT_DRAIN_FIRST
    for (i : 0 .. CALLERS - 1) { exported[i] = exported[i] || in_ring[i] };
#endif
    noted = flush_requested;
    shutdown_noted = shutdown_requested;
#ifndef MUTANT_DRAIN_FIRST
    for (i : 0 .. CALLERS - 1) { exported[i] = exported[i] || in_ring[i] };
#endif
    flush_done = noted;
    if
    :: shutdown_noted -> closings++; closed = true
    :: else ->
      asleep = true;
      if
#ifndef MUTANT_NO_CHECK_BEFORE_SLEEP
      :: flush_requested != noted || shutdown_requested -> asleep = false
      :: else ->
#else
      :: true ->
#endif
        (event);
        event = false
      fi
    fi
  od;
  assert(closings == 1)
}

init {
  atomic { run export_thread(); run caller(0); run caller(1); run stopper() }
}
