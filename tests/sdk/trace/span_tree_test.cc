// Parents, children and active spans as a user sees them, written as trees: trace/api.md "Determining the Parent Span
// from a Context", context/README.md.
#include "tests/support/span_tree.h"

#include <thread>

#include "tests/support/exporting_provider.h"

namespace nanospan {
namespace {

using testing::expect_tree;
using testing::ExportingProvider;

// Explicit times: siblings are ordered by their start.
class SpanTree : public ::testing::Test {
 protected:
  Span start(const char* name, SpanKind kind = SpanKind::kInternal) {
    return sdk_.tracer().start_span(name, {.kind = kind, .start_unix_nanos = ++now_});
  }
  ExportingProvider sdk_;
  std::uint64_t now_ = 1;
};

TEST_F(SpanTree, TheActiveSpanIsTheParent) {
  {
    Span checkout = start("checkout", SpanKind::kServer);
    const Scope scope(checkout);
    {
      Span pay = start("pay", SpanKind::kClient);
      const Scope inner(pay);
      start("charge").set("amount", 12).set_status(StatusCode::kError, "declined");
      pay.set_status(StatusCode::kError);
    }
    start("pack").set("items", 3);
    current_span().set_status(StatusCode::kOk);
  }
  start("alone");
  expect_tree(sdk_.spans(), R"(
    checkout server ok
      pay client error
        charge error amount=12
      pack items=3
    alone
  )");
}

TEST_F(SpanTree, ACapturedContextIsTheParentOnAnotherThread) {
  {
    Span request = start("request", SpanKind::kServer);
    const Scope scope(request);
    std::thread([this, captured = Context::current()] {
      start("outside");
      const Scope here(captured);
      start("inside");
    }).join();
  }
  expect_tree(sdk_.spans(), "request server\n  inside\noutside\n");
}

TEST_F(SpanTree, ASpanThatDoesNotRecordIsAParentAllTheSame) {
  const SpanContext remote(TraceId::from_hex("0af7651916cd43dd8448eb211c80319c"), SpanId::from_hex("b7ad6b7169203331"),
                           TraceFlags::kSampled, true);
  const Span wrapped(remote);
  const Scope scope(wrapped);
  Span first = start("first");
  const Scope inner(first);
  start("second").end();
  first.end();
  expect_tree(sdk_.spans(), "first\n  second\n");
  EXPECT_EQ(sdk_.spans().back().parent.span_id(), remote.span_id());
}

}  // namespace
}  // namespace nanospan
