// ProfileRecorder: takes a profile of each kind that there is, again and again ("30 s every minute"), and hands it to
// files and to a server of profiles. Nobody asks it: what goes wrong is counted, and told to `problem`.
//
// Everything runs on the Profiler's loop and its thread, writing the files included. The Profiler outlives it, but not
// to end a collection.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "profile/continuous/profile_files.h"
#include "profile/continuous/profile_push.h"
#include "profile/profiler.h"

namespace nanospan::profile {

struct RecorderOptions {
  std::uint64_t profile_nanos = 30 * base::kNanosPerSecond;
  std::uint64_t every_nanos = 60 * base::kNanosPerSecond;  ///< From beginning to beginning.
  ProfileFilesOptions files = {};                          ///< No directory: no files.
  PushOptions push = {};                                   ///< No URL: nothing is sent.
  std::function<void(const std::string& line)> problem = {};
  /// Where set, files that cannot be had are no error of create(): it says why here, and goes on without. So for push.
  std::function<void(const Error&)> no_files = {}, no_push = {};
};

class ProfileRecorder {
 public:
  /// The first profiles begin now, unless there is no place for them (no_files, no_push). On the loop's thread.
  /// kInvalidArgument, kUnsupported or kSystem name what is wrong.
  static Result<std::unique_ptr<ProfileRecorder>> create(net::EventLoop& loop, Profiler& profiler,
                                                         RecorderOptions options);
  static bool is_wanted(const RecorderOptions& options) {
    return !options.files.directory.empty() || !options.push.url.empty();
  }

  /// Ends what is under way, writes it and sends it; there is no more after that. Calls `done` once, later, when all
  /// that is sent was answered, or after `nanos`: what was not answered by then has failed.
  void finish(std::uint64_t nanos, net::Task done);
  /// For people.
  std::string status_text() const;

  std::uint64_t turned_away() const { return turned_away_; }  ///< Not taken: too many profiles were under way.
  std::uint64_t not_taken() const { return not_taken_; }      ///< For another reason: no signal is free.
  const ProfileFiles* files() const { return files_ ? &*files_ : nullptr; }
  const ProfilePush* push() const { return push_.get(); }

 private:
  struct Kind;

  ProfileRecorder(net::EventLoop& loop, Profiler& profiler, RecorderOptions options);
  void begin();
  void begin(const Kind& kind);
  void end_if_sent();
  void keep(const Kind& kind, Result<Profile> profile);
  void note(const Status& status);
  Status leave_out(const Error& why, const std::function<void(const Error&)>& tell);
  bool has_place() const { return files_.has_value() || push_ != nullptr; }

  net::EventLoop& loop_;
  Profiler& profiler_;
  const RecorderOptions options_;
  std::optional<ProfileFiles> files_;
  std::unique_ptr<ProfilePush> push_;
  std::vector<std::uint64_t> under_way_;  // numbers of collections; some may have ended
  std::uint64_t turned_away_ = 0, not_taken_ = 0;
  std::string last_problem_;
  base::MonotonicNanos next_;
  net::Timer timer_;
  net::Task finished_;  // empty: finish() was not called, or is over
  std::uint64_t finish_nanos_ = 0;
  net::Timer give_up_;
};

}  // namespace nanospan::profile
