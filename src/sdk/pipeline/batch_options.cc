// Every bound has the same least value. Pure.
#include "sdk/pipeline/batch_options.h"

#include <cstdint>
#include <string>

namespace nanospan::sdk {

Status check(const BatchOptions& options) {
  const struct {
    std::uint64_t value;
    const char* name;
  } at_least_one[] = {
      {options.queue_spans_max, "queue_spans_max"},     {options.batch_spans_max, "batch_spans_max"},
      {options.schedule_delay_ms, "schedule_delay_ms"}, {options.batch_bytes_max, "batch_bytes_max"},
      {options.queue_bytes_max, "queue_bytes_max"},     {options.exports_in_flight_max, "exports_in_flight_max"},
  };
  for (const auto& option : at_least_one) {
    if (option.value != 0) continue;
    return Error{ErrorCode::kInvalidArgument, std::string("batch.") + option.name + " is 0; the least is 1"};
  }
  return {};
}

}  // namespace nanospan::sdk
