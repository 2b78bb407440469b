// The linkage tables of three linkers, byte by byte as they are in programs.
#include "profile/unwind/plt_stubs.h"

#include <gtest/gtest.h>

#include <string>

#include "profile/unwind/unwind_table.h"

namespace nanospan::profile {
namespace {

using namespace std::string_literals;

constexpr std::uint64_t kLoadBase = 0x7000'0000, kCodeAt = kLoadBase + 0x1000;

const std::string kCodeWithoutStubs(16, '\x90');
const std::string kMoldsFirst =
    "\xF3\x0F\x1E\xFA\x41\x53\xFF\x35\x01\x02\x03\x04\xFF\x25\x05\x06\x07\x08"s + std::string(14, '\xCC');
const std::string kMoldsSlot = "\xF3\x0F\x1E\xFA\x41\xBB\x07\x00\x00\x00\xFF\x25\x01\x02\x03\x04"s;
const std::string kGotSlot = "\xF3\x0F\x1E\xFA\xFF\x25\x01\x02\x03\x04\xCC\xCC\xCC\xCC\xCC\xCC"s;
const std::string kLazyFirst = "\xFF\x35\x01\x02\x03\x04\xFF\x25\x05\x06\x07\x08\x0F\x1F\x40\x00"s;
const std::string kLazySlot = "\xFF\x25\x01\x02\x03\x04\x68\x07\x00\x00\x00\xE9\x10\x11\x12\x13"s;
const std::string kIbtSlot = "\xF3\x0F\x1E\xFA\x68\x07\x00\x00\x00\xF2\xE9\x10\x11\x12\x13\x90"s;
const std::string kSecSlot = "\xF3\x0F\x1E\xFA\xF2\xFF\x25\x01\x02\x03\x04\x0F\x1F\x44\x00\x00"s;
const std::string kShortGotSlot = "\xFF\x25\x01\x02\x03\x04\x66\x90"s;

/// What a walk takes from a table that was made of code alone.
class StubTable {
 public:
  explicit StubTable(const std::string& code) {
    std::vector<UnwindRow> rows;
    found_ = append_stub_rows({code, kCodeAt}, 0, ~std::uint64_t{0}, kLoadBase, rows);
    table_ = UnwindTable(rows);
  }
  bool found() const { return found_; }
  /// How far above rsp the caller's stack begins at the `at`-th byte; 0: not known.
  std::int32_t above_at(std::uint64_t at) const {
    const UnwindRow* const row = table_.find(kCodeAt + at - kLoadBase);
    if (row == nullptr || row->cfa_rule() == CfaRule::kNone) return 0;
    if (row->cfa_rule() == CfaRule::kPlt) return at % 16 >= static_cast<unsigned>(row->cfa_offset()) ? 16 : 8;
    return row->cfa_rule() == CfaRule::kSp ? row->cfa_offset() : -1;
  }

 private:
  bool found_ = false;
  UnwindTable table_;
};

TEST(PltStubs, MoldPushesInTheFirstSlotOnly) {
  const StubTable table(kCodeWithoutStubs + kMoldsFirst + kMoldsSlot + kMoldsSlot + kGotSlot + kCodeWithoutStubs);
  EXPECT_EQ(table.above_at(0), 0);
  EXPECT_EQ(table.above_at(16), 8);
  EXPECT_EQ(table.above_at(16 + 6), 16) << "r11 is on the stack";
  EXPECT_EQ(table.above_at(16 + 12), 24) << "and the table's own word";
  for (std::uint64_t at = 48; at < 96; ++at) EXPECT_EQ(table.above_at(at), 8) << at;
  EXPECT_EQ(table.above_at(96), 0) << "what follows is none";
}

TEST(PltStubs, LazySlotsPushTheirNumberHalfWay) {
  for (const auto& [slot, behind_push] : {std::pair{kLazySlot, 11u}, {kIbtSlot, 9u}}) {
    const StubTable table(kLazyFirst + slot + slot);
    EXPECT_EQ(table.above_at(0), 16) << "the slot that came here has pushed";
    EXPECT_EQ(table.above_at(6), 24);
    for (std::uint64_t at = 16; at < 48; ++at) EXPECT_EQ(table.above_at(at), at % 16 < behind_push ? 8 : 16) << at;
  }
}

TEST(PltStubs, JumpsAlonePushNothing) {
  const StubTable table(kSecSlot + kSecSlot + kShortGotSlot + kShortGotSlot + kCodeWithoutStubs);
  for (std::uint64_t at = 0; at < 48; ++at) EXPECT_EQ(table.above_at(at), 8) << at;
  EXPECT_EQ(table.above_at(48), 0);
}

TEST(PltStubs, OtherCodeIsNone) {
  EXPECT_FALSE(StubTable("").found());
  EXPECT_FALSE(StubTable(std::string(1000, '\x90')).found());
  EXPECT_FALSE(StubTable(kMoldsSlot.substr(0, 15)).found()) << "cut off";
  EXPECT_FALSE(StubTable(std::string(8, '\x90') + kMoldsSlot).found()) << "slots lie at multiples of their size";
}

}  // namespace
}  // namespace nanospan::profile
