// LINK: nanospan_sdk
// baggage headers, one a line of the input: what is read is valid UTF-8 within the limits, and what is sent for it is
// read back as the same entries. The whole input is also set as name, value and metadata, and must not break out of the
// header.
#include <nanospan/baggage.h>
#include <nanospan/diagnostics.h>
#include <nanospan/propagation.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/carrier.h"
#include "wire/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nanospan;
  [[maybe_unused]] static const bool quiet = (set_error_handler([](std::string_view, std::string_view) {}), true);
  const PropagatorPtr propagator = baggage_propagator();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const Context context = propagator->extract(Context::root(), fuzz::Carrier(input, {"baggage"}));
  const Baggage baggage = Baggage::from(context);
  fuzz::check(baggage.size() <= 512);
  for (const Baggage::Entry& entry : baggage.entries()) {
    fuzz::check(!entry.name.empty() && wire::is_valid_utf8(entry.value));
    fuzz::check(baggage.get(entry.name) == &entry.value);
  }

  fuzz::Carrier sent;
  propagator->inject(context, sent);
  const std::string_view header = sent.get("baggage");
  fuzz::check(header.size() <= 8192);
  // Escapes that the sender left out make a header longer; only then may entries be missing.
  if (header.size() + input.size() * 3 <= 8192) {
    fuzz::check(Baggage::from(propagator->extract(Context::root(), sent)).entries() == baggage.entries());
  }

  fuzz::Carrier own;
  propagator->inject(Baggage().set(input, input, input).set("name", input, input).in(Context::root()), own);
  return 0;
}
