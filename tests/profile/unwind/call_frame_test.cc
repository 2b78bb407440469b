#include "profile/unwind/call_frame.h"

#include <gtest/gtest.h>

#include <string>

namespace nanospan::profile {
namespace {

using namespace std::string_literals;

// def_cfa rsp+8, return address at CFA-8: what every x86-64 CIE begins with.
const std::string kUsual = "\x0C\x07\x08\x90\x01"s;

class Rows {
 public:
  explicit Rows(const std::string& program, std::uint64_t size = 100) {
    CommonInfo common;
    common.program = kUsual;
    FunctionInfo function;
    function.begin = 0x1000;
    function.size = size;
    function.program = program;
    ok = append_rows(common, function, 0x400, rows);
  }
  bool ok = false;
  std::vector<UnwindRow> rows;
};

TEST(CallFrame, APushOfTheFramePointerAndBack) {
  // push rbp; mov rsp,rbp; ... leave
  const Rows made("\x41\x0E\x10\x86\x02\x43\x0D\x06\x50\x0C\x07\x08"s);
  ASSERT_TRUE(made.ok);
  ASSERT_EQ(made.rows.size(), 4u);
  EXPECT_EQ(made.rows[0].pc, 0xC00u);
  EXPECT_EQ(made.rows[0].cfa_rule(), CfaRule::kSp);
  EXPECT_EQ(made.rows[0].cfa_offset(), 8);
  EXPECT_EQ(made.rows[0].frame_rule(), FrameRule::kSame);
  EXPECT_EQ(made.rows[1].pc, 0xC01u);
  EXPECT_EQ(made.rows[1].cfa_offset(), 16);
  EXPECT_EQ(made.rows[1].frame_rule(), FrameRule::kAtCfa);
  EXPECT_EQ(made.rows[1].frame_offset(), -16);
  EXPECT_EQ(made.rows[2].cfa_rule(), CfaRule::kFrame);
  EXPECT_EQ(made.rows[3].cfa_rule(), CfaRule::kSp);
  EXPECT_EQ(made.rows[3].cfa_offset(), 8);
}

TEST(CallFrame, AnUndefinedReturnAddressIsTheRoot) {
  const Rows made("\x07\x10"s);
  ASSERT_EQ(made.rows.size(), 1u);
  EXPECT_EQ(made.rows[0].cfa_rule(), CfaRule::kRoot);
}

TEST(CallFrame, RememberedStatesComeBack) {
  const Rows made("\x41\x0E\x10\x0A\x41\x0E\x08\x41\x0B"s);
  ASSERT_TRUE(made.ok);
  ASSERT_EQ(made.rows.size(), 4u);
  EXPECT_EQ(made.rows[1].cfa_offset(), 16);
  EXPECT_EQ(made.rows[2].cfa_offset(), 8);
  EXPECT_EQ(made.rows[3].cfa_offset(), 16);
}

TEST(CallFrame, APltSlotAndARealignedStackAreKnownExpressions) {
  const Rows plt("\x0F\x0B\x77\x08\x80\x00\x3F\x1A\x3B\x2A\x33\x24\x22"s);
  EXPECT_EQ(plt.rows[0].cfa_rule(), CfaRule::kPlt);
  EXPECT_EQ(plt.rows[0].cfa_offset(), 11);
  // lea 8(rsp),r10; then CFA = *(rbp - 8), rbp at rbp + 0
  const Rows realigned("\x45\x0C\x0A\x00\x45\x10\x06\x02\x76\x00\x0F\x03\x76\x78\x06"s);
  ASSERT_TRUE(realigned.ok);
  ASSERT_EQ(realigned.rows.size(), 3u);
  EXPECT_EQ(realigned.rows[1].cfa_rule(), CfaRule::kRegister);
  EXPECT_EQ(realigned.rows[1].cfa_offset() & 15, 10);
  EXPECT_EQ(realigned.rows[2].cfa_rule(), CfaRule::kFrameDeref);
  EXPECT_EQ(realigned.rows[2].cfa_offset(), -8);
  EXPECT_EQ(realigned.rows[2].frame_rule(), FrameRule::kAtFrame);
}

TEST(CallFrame, ASignalTrampolineIsOneRow) {
  std::vector<UnwindRow> rows;
  CommonInfo common;
  common.signal_frame = true;
  FunctionInfo function;
  function.size = 10;
  EXPECT_TRUE(append_rows(common, function, 0, rows));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].cfa_rule(), CfaRule::kSignal);
}

TEST(CallFrame, BrokenProgramsEndWithoutARule) {
  for (const std::string& program : {
           "\x0B"s,                  // restore without remember
           "\x3F"s,                  // no such instruction
           "\x0C\x07"s,              // cut off
           "\x02\xFF"s,              // beyond the function
           "\x0F\xFF\xFF\xFF\x7F"s,  // an expression longer than the program
           "\x90\x02"s,              // the return address somewhere else
           std::string(20, '\x0A'),  // remembered too often
       }) {
    const Rows made(program);
    EXPECT_FALSE(made.ok);
    ASSERT_FALSE(made.rows.empty());
    EXPECT_EQ(made.rows.back().cfa_rule(), CfaRule::kNone);
  }
}

TEST(CallFrame, OffsetsThatDoNotFitAreNoRule) {
  const Rows made("\x0E\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"s);
  EXPECT_EQ(made.rows.back().cfa_rule(), CfaRule::kNone);
}

TEST(CallFrame, HugeOffsetsDoNotOverflow) {  // UBSan judges
  // CFA = r10 + 2^62: times 16, to make room for the register, that is more than 64 bits.
  const Rows by_register("\x0C\x0A\x80\x80\x80\x80\x80\x80\x80\x80\x40"s);
  EXPECT_EQ(by_register.rows.back().cfa_rule(), CfaRule::kNone);
  // rbp at CFA - -(2^60 * -8): the negative of the least number.
  const Rows negative("\x2F\x06\x80\x80\x80\x80\x80\x80\x80\x80\x10"s);
  EXPECT_EQ(negative.rows.back().cfa_rule(), CfaRule::kNone);
}

}  // namespace
}  // namespace nanospan::profile
