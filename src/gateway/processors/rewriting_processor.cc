// Passing on. Threads: see the header.
#include "gateway/processors/rewriting_processor.h"

namespace nanospan::gateway {

RewritingProcessor::RewritingProcessor(const std::string& name, Signal signal, Host& host, Consumer& next)
    : subject_("processor " + name), host_(host), next_(next), items_(name, signal, host.metrics()) {}

void RewritingProcessor::consume(BatchRef batch, Completion done) {
  net::ByteBlock out;
  SpanCounts counts;
  items_.incoming.add(batch->counts().spans);
  switch (rewrite(*batch, out, counts)) {
    case Rewritten::kUnchanged:
      break;
    case Rewritten::kOutOfMemory:
      return done(Outcome::retry(subject_ + ": out of memory"));
    case Rewritten::kChanged:
      if (counts.spans == 0) return done(Outcome::accepted());
      out.trim();
      // Charged even where the budget is used up: it takes the place of what was admitted.
      BudgetCharge charge(host_.budget());
      charge.overdraw(out.capacity());
      batch = std::make_shared<const Batch>(std::move(out), std::nullopt, counts, std::move(charge), batch->signal());
      break;
  }
  items_.outgoing.add(batch->counts().spans);
  next_.consume(std::move(batch), std::move(done));
}

}  // namespace nanospan::gateway
