// Code is compared with the stubs that linkers write. Threads: see the header.
#include "profile/unwind/plt_stubs.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace nanospan::profile {
namespace {

constexpr std::uint64_t kSlotAlignment = 8;

/// From the `from`-th byte on, the caller's stack pointer is rsp + `offset`. For a slot that pushes on the way: kPlt,
/// and the byte behind the push, so that all slots of a table are one range.
struct StubRule {
  std::uint8_t from = 0;
  CfaRule rule = CfaRule::kNone;
  std::int32_t offset = 0;
};

struct Stub {
  std::string_view code;  ///< Hexadecimal; ".." is any byte.
  std::uint8_t bytes = 0;
  std::array<StubRule, 3> rules = {};
};

constexpr StubRule kReturnOnTop{0, CfaRule::kSp, 8};

// The longer ones first: they begin like shorter ones.
constexpr std::array kStubs = {
    // The first slot, which leads to the resolver: push; jmp. GNU ld and lld; the slot before has pushed already.
    Stub{"FF35........FF25", 16, {{{0, CfaRule::kSp, 16}, {6, CfaRule::kSp, 24}}}},
    Stub{"FF35........F2FF25", 16, {{{0, CfaRule::kSp, 16}, {6, CfaRule::kSp, 24}}}},
    // mold's: endbr64; push r11; push; jmp.
    Stub{"F30F1EFA4153FF35........FF25", 32, {{kReturnOnTop, {6, CfaRule::kSp, 16}, {12, CfaRule::kSp, 24}}}},
    // Slots. mold's: endbr64; mov r11d, number; jmp.
    Stub{"F30F1EFA41BB........FF25", 16, {{kReturnOnTop}}},
    // jmp; push number; jmp to the first. With endbr64: push number; jmp; the jump into the library is in .plt.sec.
    Stub{"FF25........68........E9", 16, {{{0, CfaRule::kPlt, 11}}}},
    Stub{"F30F1EFA68........E9", 16, {{{0, CfaRule::kPlt, 9}}}},
    Stub{"F30F1EFA68........F2E9", 16, {{{0, CfaRule::kPlt, 9}}}},
    // .plt.sec, .plt.got: jmp alone.
    Stub{"F30F1EFAFF25", 16, {{kReturnOnTop}}},
    Stub{"F30F1EFAF2FF25", 16, {{kReturnOnTop}}},
    Stub{"FF25", 8, {{kReturnOnTop}}},
};

constexpr unsigned nibble(char digit) { return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'A' + 10); }

bool is_stub(const Stub& stub, std::string_view code) {
  if (code.size() < stub.bytes) return false;
  for (std::size_t i = 0; i < stub.code.size(); i += 2) {
    if (stub.code[i] == '.') continue;
    const unsigned byte = nibble(stub.code[i]) << 4 | nibble(stub.code[i + 1]);
    if (static_cast<unsigned char>(code[i / 2]) != byte) return false;
  }
  return true;
}

const Stub* stub_at(std::uint64_t address, std::string_view code) {
  if (code.empty() || (code[0] != '\xFF' && code[0] != '\xF3')) return nullptr;  // as all of them begin
  const auto* const found = std::find_if(kStubs.begin(), kStubs.end(), [&](const Stub& stub) {
    return address % std::min<std::uint64_t>(stub.bytes, 16) == 0 && is_stub(stub, code);
  });
  return found == kStubs.end() ? nullptr : found;
}

void append_row(std::uint64_t pc, std::int32_t cfa, std::vector<UnwindRow>& rows) {
  if (!rows.empty() && rows.back().cfa == cfa && rows.back().frame == 0) return;
  rows.push_back({static_cast<std::uint32_t>(pc), cfa, 0});
}

}  // namespace

bool append_stub_rows(const MappedBytes& code, std::uint64_t begin, std::uint64_t end, std::uint64_t base,
                      std::vector<UnwindRow>& rows) {
  begin = std::max(begin, code.address);
  end = std::min(end, code.address + code.bytes.size());
  bool found = false, among_stubs = false;
  for (std::uint64_t at = (begin + kSlotAlignment - 1) & ~(kSlotAlignment - 1); at < end;) {
    const Stub* const stub = stub_at(at, code.from(at).substr(0, end - at));
    if (stub == nullptr) {
      if (among_stubs) append_row(at - base, 0, rows);
      among_stubs = false;
      at += kSlotAlignment;
      continue;
    }
    if (!found) append_row(begin - base, 0, rows);
    for (const StubRule& rule : stub->rules) {
      if (rule.rule == CfaRule::kNone) break;
      append_row(at + rule.from - base, UnwindRow::pack_cfa(rule.rule, rule.offset), rows);
    }
    found = among_stubs = true;
    at += stub->bytes;
  }
  return found;
}

}  // namespace nanospan::profile
