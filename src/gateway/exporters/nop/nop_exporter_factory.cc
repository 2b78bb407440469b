// A place holder, and what a test of throughput ends in (Collector: exporter/nopexporter). No keys, no queue. Any
// thread.
#include "gateway/exporters/nop/nop_exporter_factory.h"

namespace nanospan::gateway {
namespace {

class NopExporter final : public Exporter {
 public:
  explicit NopExporter(net::EventLoop& loop) : loop_(loop) {}
  Status start() override { return {}; }
  void drain(base::Deadline /*deadline*/, net::Task done) override { done(); }
  std::string describe() const override { return "nowhere: what comes here is let go"; }
  std::uint64_t lost_in_drain() const override { return 0; }
  net::EventLoop& loop() override { return loop_; }
  void take_over(std::unique_ptr<Exporter> /*next*/) override {}  // It has no settings.
  Room room_for(const Batch& /*batch*/) const override { return Room::kYes; }
  void consume(BatchRef /*batch*/, Completion done) override { done(Outcome::accepted()); }

 private:
  net::EventLoop& loop_;
};

}  // namespace

ExporterFactory nop_exporter_factory() {
  return {"nop", {}, "takes everything and lets it go", [](const ComponentId&, MapReader&) -> ExporterMaker {
            return [](Host& host, Signal) -> Result<std::unique_ptr<Exporter>> {
              return std::unique_ptr<Exporter>(std::make_unique<NopExporter>(host.shared_loop()));
            };
          }};
}

}  // namespace nanospan::gateway
