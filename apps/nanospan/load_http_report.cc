// Progress, tables and JSON of `nanospan load http`.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "apps/nanospan/load_command.h"
#include "apps/nanospan/load_http.h"

namespace nanospan::app {
namespace {

using load::HttpLoadResult;

constexpr std::uint64_t kLines = 10;  // of progress, where it is no terminal
constexpr int kBarWidth = 40;

unsigned long long count(std::uint64_t value) { return value; }

double seconds(std::uint64_t nanos) { return static_cast<double>(nanos) * 1e-9; }
std::string latency(const load::LatencyHistogram& histogram, double share) {
  return load::format_latency(static_cast<double>(histogram.quantile(share)));
}

/// "1:05".
std::string clock_text(std::uint64_t nanos) {
  char text[32];
  const std::uint64_t whole = nanos / base::kNanosPerSecond;
  std::snprintf(text, sizeof text, "%llu:%02llu", count(whole / 60), count(whole % 60));
  return text;
}

/// Half the width of the mean's 95 % interval, by Student's t; 0 for fewer than two values.
double half_interval(const std::vector<double>& values) {
  // Two-sided quantiles for 1, 2, 3 ... degrees of freedom; beyond: the normal one, a little wider.
  constexpr std::array kQuantiles = {12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26,
                                     2.23,  2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10};
  if (values.size() < 2) return 0;
  const auto n = static_cast<double>(values.size());
  const std::size_t freedom = values.size() - 1;
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return kQuantiles[std::min(freedom, kQuantiles.size()) - 1] * std::sqrt(squares / (n - 1) / n);
}

double cpu_per_request(const LoadTally& tally) {
  return tally.total.answered == 0 ? 0 : tally.cpu_seconds * 1e6 / static_cast<double>(tally.total.answered);
}

/// Each kind of error with its count: failures by name, statuses as "http 503".
std::vector<std::pair<std::string, std::uint64_t>> errors_by_kind(const HttpLoadResult& result) {
  std::vector<std::pair<std::string, std::uint64_t>> kinds;
  for (const auto& [failure, times] : result.failures) kinds.emplace_back(net::to_string(failure), times);
  if (result.unsent != 0) kinds.emplace_back("unsent", result.unsent);
  for (const auto& [status, times] : result.statuses) {
    if (status >= 400) kinds.emplace_back("http " + std::to_string(status), times);
  }
  return kinds;
}

/// How the latencies are spread: each line holds those between the bound of the line before and its own, twice as
/// large.
void print_spread(const load::LatencyHistogram& histogram) {
  const std::uint64_t from = std::max<std::uint64_t>(histogram.quantile(0.001), 1);
  std::uint64_t bound = 1000;
  while (bound * 2 < from) bound *= 2;
  std::uint64_t seen = 0;
  for (; seen < histogram.count(); bound *= 2) {
    const bool last = bound >= histogram.max();
    const std::uint64_t here = (last ? histogram.count() : histogram.count_up_to(bound)) - seen;
    seen += here;
    const double share = static_cast<double>(here) / static_cast<double>(histogram.count());
    const int bar = here == 0 ? 0 : std::max(1, static_cast<int>(std::lround(share * kBarWidth)));
    std::printf("  %12s  %6.2f %%%s%s\n", load::format_latency(static_cast<double>(bound)).c_str(), share * 100,
                bar == 0 ? "" : "  ", std::string(static_cast<std::size_t>(bar), '#').c_str());
  }
}

void print_thresholds(const HttpLoadResult& result, const std::vector<load::Threshold>& thresholds) {
  if (thresholds.empty()) return;
  std::printf("\n  %-24s %12s\n", "threshold", "measured");
  for (const load::Threshold& threshold : thresholds) {
    std::printf("  %-24s %12s  %s\n", threshold.text().c_str(), threshold.measured(result).c_str(),
                threshold.holds(result) ? "ok" : "MISSED");
  }
}

}  // namespace

void LoadTally::add(const HttpLoadResult& round, double cpu) {
  total.add(round);
  cpu_seconds += cpu;
  cpu_per_request.push_back(round.answered == 0 ? 0 : cpu * 1e6 / static_cast<double>(round.answered));
}

LoadProgress::LoadProgress(const load::Plan& plan)
    : plan_(plan),
      terminal_(::isatty(STDERR_FILENO) == 1),
      every_nanos_(terminal_ ? 1 : std::max(plan.nanos() / kLines, base::kNanosPerSecond)),
      next_nanos_(every_nanos_) {}

void LoadProgress::show(const load::HttpLoad& load) {
  const std::uint64_t now = load.elapsed_nanos();
  if (now < next_nanos_) return;
  next_nanos_ = now + every_nanos_ - now % every_nanos_;
  const HttpLoadResult& result = load.result();
  const load::LatencyHistogram recent = result.latency.since(before_);
  const double rate = static_cast<double>(result.answered - answered_before_) / seconds(now - nanos_before_);
  std::fprintf(stderr, "%s  %s/%s  %.0f %s  %zu under way  %.0f answers/s  p50 %s  p99 %s  errors %llu%s",
               terminal_ ? "\r\033[K" : "", clock_text(now).c_str(), clock_text(plan_.nanos()).c_str(), load.target(),
               plan_.kind() == load::Plan::Kind::kRate ? "requests/s wanted" : "users", load.under_way(), rate,
               latency(recent, 0.5).c_str(), latency(recent, 0.99).c_str(), count(result.errors()),
               terminal_ ? "" : "\n");
  before_ = result.latency;
  answered_before_ = result.answered;
  nanos_before_ = now;
}

void LoadProgress::end() {
  if (terminal_) std::fputs("\r\033[K", stderr);
}

void print_load_round(std::size_t done, std::size_t all, const std::string& label, const HttpLoadResult& round) {
  std::fprintf(stderr, "  round %zu/%zu  %s  %.0f requests/s  P50 %s  P99 %s", done, all, label.c_str(),
               round.requests_per_second(), latency(round.latency, 0.5).c_str(), latency(round.latency, 0.99).c_str());
  if (round.failed != 0) std::fprintf(stderr, "  failed %llu: %s", count(round.failed), round.first_failure.c_str());
  std::fputc('\n', stderr);
}

void print_load_table(const LoadTally& tally, const std::vector<load::Threshold>& thresholds) {
  const HttpLoadResult& total = tally.total;
  std::printf("%s\n  answered  %12llu in %.1f s, %.0f a second\n", tally.label.c_str(), count(total.answered),
              seconds(total.nanos), total.requests_per_second());
  std::printf("  errors    %12llu, %.2f %% of %llu requests\n", count(total.errors()), total.error_share() * 100,
              count(total.requests()));
  for (const auto& [kind, times] : errors_by_kind(total)) {
    std::printf("            %12llu %s\n", count(times), kind.c_str());
  }
  if (!total.first_failure.empty()) std::printf("            first: %s\n", total.first_failure.c_str());
  std::printf("  mean      %12s\n", load::format_latency(total.latency.mean()).c_str());
  for (const auto& [name, share] : {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}) {
    std::printf("  %-9s %12s\n", name, latency(total.latency, share).c_str());
  }
  std::printf("  max       %12s\n", load::format_latency(static_cast<double>(total.latency.max())).c_str());
  if (tally.cpu_seconds > 0) {
    const double half = half_interval(tally.cpu_per_request);
    std::printf("  CPU       %9.1f us a request", cpu_per_request(tally));
    half > 0 ? static_cast<void>(std::printf(" (+- %.1f)\n", half)) : static_cast<void>(std::putchar('\n'));
  }
  std::printf("\n  %12s  %8s\n", "up to", "requests");
  print_spread(total.latency);
  print_thresholds(total, thresholds);
}

void print_load_json(const LoadTally& tally, const std::vector<load::Threshold>& thresholds) {
  const HttpLoadResult& total = tally.total;
  std::string errors, held, rounds;
  for (const double cpu : tally.cpu_per_request) {
    char text[32];
    std::snprintf(text, sizeof text, "%s%.3f", rounds.empty() ? "" : ",", cpu);
    rounds += text;
  }
  for (const auto& [kind, times] : errors_by_kind(total)) {
    errors += (errors.empty() ? "\"" : ",\"") + kind + "\":" + std::to_string(times);
  }
  for (const load::Threshold& threshold : thresholds) {
    held += std::string(held.empty() ? "" : ",") + "{\"threshold\":\"" + threshold.text() + "\",\"measured\":\"" +
            threshold.measured(total) + "\",\"ok\":" + (threshold.holds(total) ? "true}" : "false}");
  }
  std::printf(
      "{\"label\":\"%s\",\"requests\":%llu,\"answered\":%llu,\"error_status\":%llu,\"failed\":%llu,\"unsent\":%llu,"
      "\"seconds\":%.3f,"
      "\"requests_per_second\":%.1f,\"mean_ms\":%.3f,\"p50_ms\":%.3f,\"p90_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,"
      "\"max_ms\":%.3f,\"cpu_us_per_request\":%.3f,\"cpu_us_half_interval\":%.3f,\"cpu_us_rounds\":[%s],\"errors\":{%s}"
      ",\"thresholds\":[%s]}\n",
      tally.label.c_str(), count(total.requests()), count(total.answered), count(total.error_status()),
      count(total.failed), count(total.unsent), seconds(total.nanos), total.requests_per_second(),
      total.latency.mean() / 1e6, millis_of(total.latency, 0.5), millis_of(total.latency, 0.9),
      millis_of(total.latency, 0.99), millis_of(total.latency, 0.999), static_cast<double>(total.latency.max()) / 1e6,
      cpu_per_request(tally), half_interval(tally.cpu_per_request), rounds.c_str(), errors.c_str(), held.c_str());
}

}  // namespace nanospan::app
