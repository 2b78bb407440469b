// Each kind that there is begins together; what cannot be had is left out and said once. Threads: see the header.
#include "profile/continuous/profile_recorder.h"

#include <array>
#include <utility>

#include "profile/format/pprof.h"

namespace nanospan::profile {

struct ProfileRecorder::Kind {
  WindowKind kind;
  const char* file;
  const char* series;  ///< As Pyroscope calls it.
};

namespace {

std::string seconds_text(std::uint64_t nanos) { return std::to_string(nanos / base::kNanosPerSecond) + " s"; }

}  // namespace

Result<std::unique_ptr<ProfileRecorder>> ProfileRecorder::create(net::EventLoop& loop, Profiler& profiler,
                                                                 RecorderOptions options) {
  std::unique_ptr<ProfileRecorder> made(new ProfileRecorder(loop, profiler, std::move(options)));
  if (!made->options_.files.directory.empty()) {
    Result<ProfileFiles> files = ProfileFiles::open(made->options_.files);
    if (files) {
      made->files_ = std::move(files).value();
    } else if (const Status left_out = made->leave_out(files.error(), made->options_.no_files); !left_out) {
      return left_out.error();
    }
  }
  if (!made->options_.push.url.empty()) {
    Result<std::unique_ptr<ProfilePush>> push = ProfilePush::create(loop, made->options_.push);
    if (push) {
      made->push_ = std::move(push).value();
    } else if (const Status left_out = made->leave_out(push.error(), made->options_.no_push); !left_out) {
      return left_out.error();
    }
  }
  if (made->has_place()) made->begin();
  return made;
}

ProfileRecorder::ProfileRecorder(net::EventLoop& loop, Profiler& profiler, RecorderOptions options)
    : loop_(loop),
      profiler_(profiler),
      options_(std::move(options)),
      next_(loop.clock().monotonic_now()),
      timer_(loop, [this] { begin(); }),
      give_up_(loop, [this] { push_->give_up(finish_nanos_); }) {}

void ProfileRecorder::begin() {
  static constexpr std::array<Kind, 4> kKinds = {{{WindowKind::kCpu, "cpu", "process_cpu"},
                                                  {WindowKind::kHeap, "heap", "memory"},
                                                  {WindowKind::kMutex, "mutex", "mutex"},
                                                  {WindowKind::kBlock, "block", "block"}}};
  // Moments that passed while the machine slept are not made up for.
  const base::MonotonicNanos now = loop_.clock().monotonic_now();
  while (next_ <= now) next_ += options_.every_nanos;
  timer_.arm(next_);
  std::erase_if(under_way_, [this](std::uint64_t collection) { return !profiler_.is_under_way(collection); });
  for (const Kind& kind : kKinds) {
    const bool is_there = kind.kind == WindowKind::kCpu ||
                          (kind.kind == WindowKind::kHeap ? profiler_.samples_heap() : profiler_.samples_locks());
    if (is_there) begin(kind);
  }
}

void ProfileRecorder::begin(const Kind& kind) {
  CollectRequest request;
  request.kind = kind.kind;
  request.nanos = options_.profile_nanos;
  request.all_in_use = true;
  request.trace_labels = push_ != nullptr && push_->wants_trace_ids();
  under_way_.push_back(
      profiler_.collect(request, [this, kind](Result<Profile> profile) { keep(kind, std::move(profile)); }));
}

void ProfileRecorder::keep(const Kind& kind, Result<Profile> profile) {
  if (!profile) {
    ++(profile.error().code == ErrorCode::kResourceExhausted ? turned_away_ : not_taken_);
    return note(profile.error());
  }
  if (profile->samples.empty()) return;  // an idle program
  if (files_) {
    const Result<net::ByteBlock> file = pprof_file(*profile);
    note(file ? files_->write(kind.file, profile->time_unix_nanos, file->view()) : Status(file.error()));
  }
  if (push_ == nullptr) return;
  push_->send(kind.series, std::move(profile).value(), [this](const Status& status) {
    note(status);
    end_if_sent();
  });
}

Status ProfileRecorder::leave_out(const Error& why, const std::function<void(const Error&)>& tell) {
  if (!tell) return why;
  last_problem_ = why.message;
  tell(why);
  return {};
}

void ProfileRecorder::note(const Status& status) {
  if (status) return;
  last_problem_ = status.error().message;
  if (options_.problem) options_.problem(last_problem_);
}

void ProfileRecorder::finish(std::uint64_t nanos, net::Task done) {
  timer_.cancel();
  finish_nanos_ = nanos;
  give_up_.arm(base::Deadline::after(loop_.clock(), nanos).at);
  for (const std::uint64_t collection : std::exchange(under_way_, {})) profiler_.finish_early(collection);
  finished_ = std::move(done);
  end_if_sent();
}

// `done` may destroy this, so it comes when nothing of this or of the client is being called.
void ProfileRecorder::end_if_sent() {
  if (!finished_ || (push_ != nullptr && push_->in_flight() > 0)) return;
  give_up_.cancel();
  loop_.post(std::exchange(finished_, {}));
}

std::string ProfileRecorder::status_text() const {
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  std::string text = "# " + seconds_text(options_.profile_nanos) + " of every " + seconds_text(options_.every_nanos) +
                     "; not taken: " + number(turned_away_) + " since too many were under way, " + number(not_taken_) +
                     " for other reasons\n";
  if (!has_place()) text = "# nothing is recorded: there is no place for profiles\n";
  if (files_) {
    const ProfileFiles::Counters& counters = files_->counters();
    text += "files in " + files_->options().directory + ", at most " + number(files_->options().bytes_max) +
            " bytes: " + number(counters.written) + " written, " + number(counters.failed) + " failed, " +
            number(counters.removed) + " removed to make room\n";
  }
  if (push_ != nullptr) {
    const ProfilePush::Counters& counters = push_->counters();
    text += "sent to " + push_->destination() + ": " + number(counters.accepted) + " accepted, " +
            number(counters.failed) + " failed, " + number(counters.skipped) + " skipped\n";
  }
  if (!last_problem_.empty()) text += "last problem: " + last_problem_ + "\n";
  return text;
}

}  // namespace nanospan::profile
