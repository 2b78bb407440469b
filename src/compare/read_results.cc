// The first character tells JSON from the text of Go; what holds no result is an error. Pure.
#include "compare/read_results.h"

#include "compare/read_faults.h"
#include "compare/read_go.h"
#include "compare/read_json.h"

namespace nanospan::compare {

Status read_results(const Input& input, Results& results) {
  if (input.text.size() > kInputBytesMax) {
    return fault_at(input, 1, "larger than 64 MiB", "give results of fewer benchmarks or repetitions");
  }
  std::string_view text = input.text;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // Some editors put a byte order mark in front.
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
  const std::size_t before = results.values() + results.failed().size();
  const Input content{input.name, text};
  if (Status status = json ? read_json(content, results) : read_go(content, results); !status.ok()) return status;
  if (results.values() + results.failed().size() == before) {
    return fault_at(input, 1, "no benchmark results in it", kForms);
  }
  return {};
}

}  // namespace nanospan::compare
