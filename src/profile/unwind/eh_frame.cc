// Walks .eh_frame_hdr's table and decodes CIEs and FDEs. See the header.
#include "profile/unwind/eh_frame.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include "profile/unwind/call_frame.h"
#include "profile/unwind/cursor.h"
#include "profile/unwind/plt_stubs.h"

namespace nanospan::profile {
namespace {

constexpr std::uint8_t kPcRelativeSigned4 = 0x1B, kDataRelativeSigned4 = 0x3B, kOmitted = 0xFF;
// Code between two functions that is at most this long is padding, and belongs to neither.
constexpr std::uint64_t kPaddingMax = 64;

/// One CIE or FDE: its content after the length, and where that is.
std::optional<MappedBytes> entry_at(const MappedBytes& image, std::uint64_t address) {
  const std::string_view rest = image.from(address);
  if (rest.size() < 4) return std::nullopt;
  std::uint32_t length = 0;
  std::memcpy(&length, rest.data(), 4);
  if (length < 4 || length > rest.size() - 4) return std::nullopt;  // also the 64-bit form, which nobody emits
  return MappedBytes{rest.substr(4, length), address + 4};
}

class Decoder {
 public:
  Decoder(const MappedBytes& image, const MappedBytes& code, std::uint64_t base)
      : image_(image), code_(code), base_(base), end_(code.address) {}

  /// The function at `fde`, appended. False if it cannot be understood at all.
  bool append(std::uint64_t fde, std::vector<UnwindRow>& rows) {
    const std::optional<MappedBytes> entry = entry_at(image_, fde);
    if (!entry) return false;
    Cursor cursor(entry->bytes, entry->address);
    const auto distance = cursor.fixed<std::uint32_t>();
    if (distance == 0) return false;  // that is a CIE
    const CommonInfo* common = common_at(entry->address - distance);
    if (common == nullptr) return false;
    FunctionInfo function;
    function.begin = cursor.pointer(common->pointer_encoding);
    function.size = cursor.plain(common->pointer_encoding);
    if (common->has_augmentation) cursor.take(cursor.uleb());
    function.program_address = cursor.address();
    function.program = cursor.take(entry->bytes.size() - cursor.at());
    // Rows hold 32-bit pcs.
    if (!cursor.ok() || function.size == 0 || function.begin < base_ || function.begin - base_ > UINT32_MAX ||
        function.size > UINT32_MAX - (function.begin - base_) || function.begin < end_) {
      return false;
    }
    close_gap(function.begin, rows);
    append_rows(*common, function, base_, rows);
    end_ = function.begin + function.size;
    return true;
  }

  /// Closes the last function.
  void finish(std::vector<UnwindRow>& rows) {
    const std::uint64_t code_end = code_.address + code_.bytes.size();
    if (append_stub_rows(code_, end_, code_end, base_, rows)) end_ = code_end;
    push_none(rows);
  }

 private:
  void close_gap(std::uint64_t next, std::vector<UnwindRow>& rows) const {
    if (!append_stub_rows(code_, end_, next, base_, rows) && next > end_ + kPaddingMax) push_none(rows);
  }
  void push_none(std::vector<UnwindRow>& rows) const {
    if (!rows.empty()) rows.push_back({static_cast<std::uint32_t>(end_ - base_), 0, 0});
  }

  const CommonInfo* common_at(std::uint64_t address) {
    const auto known = commons_.find(address);
    if (known != commons_.end()) return known->second ? &*known->second : nullptr;
    std::optional<CommonInfo>& made = commons_[address];
    made = decode_common(address);
    return made ? &*made : nullptr;
  }

  std::optional<CommonInfo> decode_common(std::uint64_t address) const {
    const std::optional<MappedBytes> entry = entry_at(image_, address);
    if (!entry) return std::nullopt;
    Cursor cursor(entry->bytes, entry->address);
    if (cursor.fixed<std::uint32_t>() != 0) return std::nullopt;
    const std::uint8_t version = cursor.byte();
    if (version != 1 && version != 3) return std::nullopt;
    const std::string_view augmentation = cursor.until_zero();
    CommonInfo common;
    common.code_align = cursor.uleb();
    common.data_align = cursor.sleb();
    if ((version == 1 ? cursor.byte() : cursor.uleb()) != 16) return std::nullopt;  // the return address's register
    if (!augmentation.empty() && !read_augmentation(augmentation, cursor, common)) return std::nullopt;
    common.program_address = cursor.address();
    common.program = cursor.take(entry->bytes.size() - cursor.at());
    if (!cursor.ok()) return std::nullopt;
    return common;
  }

  static bool read_augmentation(std::string_view augmentation, Cursor& cursor, CommonInfo& common) {
    if (augmentation[0] != 'z') return false;
    common.has_augmentation = true;
    const std::uint64_t size = cursor.uleb();
    const std::uint64_t address = cursor.address();
    Cursor data(cursor.take(size), address);
    for (const char letter : augmentation.substr(1)) {
      if (letter == 'R') {
        common.pointer_encoding = data.byte();
      } else if (letter == 'L') {
        data.byte();
      } else if (letter == 'P') {
        data.plain(data.byte());
      } else if (letter == 'S') {
        common.signal_frame = true;
      } else if (letter != 'B') {
        return false;
      }
    }
    return cursor.ok() && data.ok();
  }

  const MappedBytes& image_;
  const MappedBytes& code_;
  const std::uint64_t base_;
  std::uint64_t end_;  // of the last function
  std::unordered_map<std::uint64_t, std::optional<CommonInfo>> commons_;
};

Error malformed(const char* what) { return Error{ErrorCode::kMalformed, std::string("eh_frame_hdr: ") + what}; }

}  // namespace

Result<std::vector<UnwindRow>> unwind_rows(const MappedBytes& header, const MappedBytes& image, const MappedBytes& code,
                                           std::uint64_t base) {
  Cursor cursor(header.bytes, header.address);
  if (cursor.byte() != 1) return malformed("unknown version");
  const std::uint8_t pointer_encoding = cursor.byte();
  const std::uint8_t count_encoding = cursor.byte();
  const std::uint8_t table_encoding = cursor.byte();
  if (pointer_encoding != kPcRelativeSigned4 || table_encoding != kDataRelativeSigned4 || count_encoding == kOmitted) {
    return malformed("encodings that no known linker writes");
  }
  cursor.pointer(pointer_encoding);
  std::uint64_t count = cursor.plain(count_encoding);
  if (!cursor.ok()) return malformed("cut off");
  count = std::min<std::uint64_t>(count, (header.bytes.size() - cursor.at()) / 8);
  std::vector<UnwindRow> rows;
  rows.reserve(std::min<std::size_t>(count * 5, kRowsMax));
  Decoder decoder(image, code, base);
  for (std::uint64_t i = 0; i < count && rows.size() < kRowsMax; ++i) {
    cursor.fixed<std::int32_t>();
    const auto fde = cursor.fixed<std::int32_t>();
    decoder.append(header.address + static_cast<std::uint64_t>(std::int64_t{fde}), rows);
  }
  decoder.finish(rows);
  rows.shrink_to_fit();
  return rows;
}

}  // namespace nanospan::profile
