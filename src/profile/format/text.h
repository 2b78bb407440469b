// Profiles as text: collapsed stacks (one line a stack, as flamegraph.pl and speedscope read them), speedscope's JSON,
// the JSON of our own page, and a listing for people. Pure.
#pragma once

#include <string>

#include "profile/model/profile.h"

namespace nanospan::profile {

/// "root;caller;leaf 42", of the default value. `;` and line ends in names become `:` and blanks.
std::string collapsed_text(const Profile& profile);
/// https://www.speedscope.app/file-format-schema.json, a "sampled" profile of each value.
std::string speedscope_json(const Profile& profile);
/// For people and curl: the comments, then the stacks by weight, labels first.
std::string listing_text(const Profile& profile);

/// What the page draws: functions by number, each sample a path from the root, its labels by number.
///
///   {"types":[["cpu","nanoseconds"]],"default":0,"seconds":9.9,"unix_ms":1,"comments":[...],"functions":["main",...],
///    "modules":["app",...],"module_of":[0,...],"labels":[{"thread":"x"},...],
///    "samples":[[label, [values], [functions from the root]],...]}
std::string page_json(const Profile& profile);

}  // namespace nanospan::profile
