/* Flush and shutdown against the export thread (BatchPipeline::flush, shutdown, note_requests, advance, close_for_the_thread;
 * Drain::ensure_thread, rest), which starts with the first span, or with the first request that finds one waiting.
 *
 * Two callers end a span each, flush, and check that their span is out; a third shuts down at any time. The system may refuse the
 * thread whenever somebody starts it. Exports succeed or fail at once here; what is checked is the handshake: no caller waits for
 * ever, a successful flush has exported what ended before it, closing happens once, by the thread where there is one and else by
 * who shuts down, and no thread starts where no span has ended.
 * MUTANT_DRAIN_FIRST empties the rings before it reads the requests, so a flush can be answered without its span.
 * MUTANT_NO_CHECK_BEFORE_SLEEP sleeps without asking whether somebody asked meanwhile. MUTANT_NO_LOOK_AT_RINGS takes a thread that
 * has not started for proof that nothing waits. MUTANT_WAITS_FOR_NOBODY waits for the thread at the end though there is none, and
 * MUTANT_ASKS_FIRST requests the shutdown before it looks for the thread, which is then started only to be told to stop.
 */
#define CALLERS 2
#define RUNS 0
#define IDLE 1
#define REFUSED 2

bool in_ring[CALLERS], exported[CALLERS];
byte flush_requested, flush_done;
bool shutdown_requested, closed, asleep, event;
bool started, locked; /* Drain::started_, Drain::mutex_ */
byte closings;

inline lock() {
  atomic { !locked -> locked = true }
}

inline wake() {
  atomic {
    if
    :: asleep -> asleep = false; event = true
    :: else
    fi
  }
}

/* Drain::start_thread_locked; under the lock */
inline start_thread() {
  if
  :: started
  :: !started ->
    assert(in_ring[0] || in_ring[1]);
    started = true;
    run export_thread()
  :: !started -> skip /* refused */
  fi
}

#ifdef MUTANT_NO_LOOK_AT_RINGS
#define ANYTHING_WAITS false
#else
#define ANYTHING_WAITS (in_ring[0] || in_ring[1])
#endif

/* The code asks under the lock also where the thread runs; that nobody asks while it works is not relied upon here. */
inline ensure_thread(thread) {
  if
  :: started -> thread = RUNS
  :: else ->
    lock();
    if
    :: !started && !ANYTHING_WAITS && flush_requested == 0 && !shutdown_requested -> thread = IDLE
    :: else ->
      start_thread();
      thread = (started -> RUNS : REFUSED)
    fi;
    locked = false
  fi
}

proctype caller(byte me) {
  byte number, thread;
  in_ring[me] = true;
  if /* DrainSignal::wake */
  :: started
  :: else -> lock(); start_thread(); locked = false
  fi;
  if
  :: closed /* fails at once */
  :: else ->
    ensure_thread(thread);
    if
    :: thread == IDLE -> assert(exported[me])
    :: thread == REFUSED /* fails */
    :: thread == RUNS ->
      atomic { flush_requested++; number = flush_requested }
      wake();
      (flush_done >= number || closed);
      if
      :: flush_done >= number -> assert(exported[me])
      :: else
      fi
    fi
  fi
}

proctype stopper() {
  byte thread;
#ifdef MUTANT_ASKS_FIRST
  shutdown_requested = true;
  ensure_thread(thread);
#else
  ensure_thread(thread);
  shutdown_requested = true;
#endif
  if
  :: started -> thread = RUNS /* since the first span, perhaps meanwhile */
  :: else
  fi;
#ifdef MUTANT_WAITS_FOR_NOBODY
  thread = RUNS;
#endif
  if
  :: thread == RUNS -> wake(); (closed)
  :: else
  fi;
  lock(); /* close_for_the_thread */
  if
  :: !closed -> closings++; closed = true
  :: else
  fi;
  locked = false;
  assert(closings == 1)
}

proctype export_thread() {
  byte noted, i;
  bool shutdown_noted;
  lock();
  do
  :: closed -> break
  :: else ->
#ifdef MUTANT_DRAIN_FIRST
    for (i : 0 .. CALLERS - 1) { exported[i] = exported[i] || in_ring[i] };
#endif
    shutdown_noted = shutdown_requested;
    noted = flush_requested;
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
        locked = false;
        (event || closed);
        event = false;
        lock();
        asleep = false
      fi
    fi
  od;
  locked = false;
  assert(closings == 1)
}

init {
  atomic { run caller(0); run caller(1); run stopper() }
}
