// Runs an exporter that may block on a thread of its own, so that the export thread never does.
//
// The thread starts with the first batch and is detachable: if the exporter hangs, its deadline still counts the batch
// as failed, shutdown goes on without it, and the exporter stays alive until the call returns. Exports, flushes and the
// one shutdown are jobs of that thread, in order, so no two calls to the exporter ever overlap (trace/sdk.md "Export").
#pragma once

#include <memory>

#include "base/time.h"
#include "sdk/pipeline/async_exporter.h"

namespace nanospan::sdk {

std::unique_ptr<AsyncExporter> make_worker_exporter(std::shared_ptr<SpanExporter> exporter, const base::Clock& clock);

}  // namespace nanospan::sdk
