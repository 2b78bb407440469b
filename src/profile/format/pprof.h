// Writes a Profile as pprof protobuf, as `go tool pprof` and everything else that speaks pprof reads it.
//
// Source: google/pprof proto/profile.proto. Functions, files and lines are in it as far as they are known, so a profile
// that was saved opens anywhere without the program. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "net/byte_block.h"
#include "profile/model/profile.h"

namespace nanospan::profile {

/// Not compressed.
std::string pprof_message(const Profile& profile);
/// gzip, as the format asks for.
Result<net::ByteBlock> pprof_file(const Profile& profile);

}  // namespace nanospan::profile
