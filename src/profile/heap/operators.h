// The symbol by which the profiler sees that this program's operator new and delete are ours (operators.cc). Referred
// to weakly; its value means nothing.
#pragma once

extern "C" [[gnu::visibility("default")]] const char nanospan_heap_operators_r1;
