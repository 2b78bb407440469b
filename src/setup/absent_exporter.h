// AbsentExporter: stands where an exporter was asked for that could not be made. Its batches are lost and counted, and
// when the program ends it says once how many, why, and what to do.
#pragma once

#include <memory>
#include <string>

#include <nanospan/span_exporter.h>

namespace nanospan::setup {

/// `why` names the setting, what is wrong with it, and the remedy.
std::unique_ptr<SpanExporter> absent_exporter(std::string why);

}  // namespace nanospan::setup
