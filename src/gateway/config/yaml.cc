// The one source file that includes yaml-cpp: walks its tree once into ConfigNode and forgets it.
//
// yaml-cpp throws; every call into it is inside one try block here. It keeps duplicate keys and does not know merge
// keys, so both are handled in the walk. Nodes are counted, so that aliases cannot multiply a small file into
// gigabytes.
#include "gateway/config/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

namespace nanospan::gateway {
namespace {

bool is_plain_null(const std::string& text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

class Walker {
 public:
  /// `line_of_reference` is 0 in a file, else the line whose ${} gave this text.
  Walker(Diagnostics& diagnostics, int first_line, int line_of_reference)
      : diagnostics_(diagnostics), first_line_(first_line), line_of_reference_(line_of_reference) {}

  ConfigNode walk(const YAML::Node& yaml, int depth = 0) {
    ConfigNode node;
    node.line = line_of(yaml);
    if (++nodes_ > kYamlNodesMax || depth > kYamlDepthMax) {
      if (!std::exchange(overflowed_, true))
        diagnostics_.error(node.line, "", "the file is too large or too deeply nested");
      return node;
    }
    if (yaml.IsScalar()) {
      const bool quoted = yaml.Tag() == "!";  // yaml-cpp's mark of a quoted or block scalar.
      if (!quoted && is_plain_null(yaml.Scalar())) return node;
      node.kind = ConfigNode::Kind::kScalar;
      node.text = yaml.Scalar();
      node.is_quoted = quoted;
    } else if (yaml.IsSequence()) {
      node.kind = ConfigNode::Kind::kList;
      for (const YAML::Node& item : yaml) node.items.push_back(walk(item, depth + 1));
    } else if (yaml.IsMap()) {
      map(yaml, depth, node);
    }
    return node;
  }

 private:
  int line_of(const YAML::Node& yaml) const {
    return line_of_reference_ != 0 ? line_of_reference_ : first_line_ + std::max(yaml.Mark().line, 0) + 1;
  }

  void map(const YAML::Node& yaml, int depth, ConfigNode& node) {
    node.kind = ConfigNode::Kind::kMap;
    std::vector<ConfigNode> merged;
    std::set<std::string> keys;
    for (const auto& pair : yaml) {
      const int line = line_of(pair.first);
      if (!pair.first.IsScalar()) {
        diagnostics_.error(line, "", "a key must be plain text");
        continue;
      }
      const std::string& key = pair.first.Scalar();
      ConfigNode value = walk(pair.second, depth + 1);
      if (value.is_null()) value.line = line;  // "key:" without a value: yaml-cpp marks it elsewhere.
      if (key == "<<" && pair.first.Tag() != "!") {
        merged.push_back(std::move(value));
      } else if (!keys.insert(key).second) {
        diagnostics_.error(line, key, "this key is given twice; remove one");
      } else {
        node.entries.push_back({key, line, std::move(value)});
      }
    }
    for (const ConfigNode& source : merged) merge(source, keys, node);
  }

  /// The merge key "<<: *base" or "<<: [*a, *b]": what is not given here is taken from there.
  static void merge(const ConfigNode& source, std::set<std::string>& keys, ConfigNode& node) {
    for (const ConfigNode& item : source.items) merge(item, keys, node);
    for (const ConfigNode::Entry& entry : source.entries) {
      if (keys.insert(entry.key).second) node.entries.push_back(entry);
    }
  }

  Diagnostics& diagnostics_;
  const int first_line_;
  const int line_of_reference_;
  int nodes_ = 0;
  bool overflowed_ = false;
};

/// A ConfigNode as yaml-cpp's events.
class Writer {
 public:
  Writer(YAML::Emitter& out, const Diagnostics& notes, bool redact) : out_(out), notes_(notes), redact_(redact) {}

  void write(const ConfigNode& node) {
    switch (node.kind) {
      case ConfigNode::Kind::kNull:
        out_ << YAML::Null;
        break;
      case ConfigNode::Kind::kScalar:
        write_scalar(node);
        break;
      case ConfigNode::Kind::kList:
        if (node.items.empty()) out_ << YAML::Flow;
        out_ << YAML::BeginSeq;
        for (const ConfigNode& item : node.items) write(item);
        out_ << YAML::EndSeq;
        break;
      case ConfigNode::Kind::kMap:
        if (node.entries.empty()) out_ << YAML::Flow;
        out_ << YAML::BeginMap;
        for (const ConfigNode::Entry& entry : node.entries) {
          out_ << YAML::Key;
          if (entry.key == "<<") out_ << YAML::DoubleQuoted;  // Else it would merge.
          out_ << entry.key << YAML::Value;
          write(entry.value);
        }
        out_ << YAML::EndMap;
        break;
    }
  }

 private:
  void write_scalar(const ConfigNode& node) {
    if (redact_ && notes_.is_secret(node)) {
      out_ << YAML::DoubleQuoted << "[REDACTED]";
    } else if (node.is_quoted || (node.original && notes_.is_text(node))) {
      out_ << YAML::DoubleQuoted << escaped(node.as_string());
    } else {
      out_ << escaped(node.text);
    }
  }

  /// A dollar sign that would begin a reference, or escape one, is doubled.
  static std::string escaped(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      out += text[i];
      if (text[i] == '$' && i + 1 < text.size() && (text[i + 1] == '$' || text[i + 1] == '{')) out += '$';
    }
    return out;
  }

  YAML::Emitter& out_;
  const Diagnostics& notes_;
  const bool redact_;
};

/// `line` counts from 0.
bool is_indented_by_tab(std::string_view text, int line) {
  for (; line > 0; --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

}  // namespace

ConfigNode parse_yaml(std::string_view text, Diagnostics& diagnostics, int first_line) {
  if (text.size() > kYamlBytesMax) {
    diagnostics.error(first_line + 1, "", "the file is larger than 4 MiB");
    return {};
  }
  try {
    return Walker(diagnostics, first_line, 0).walk(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& fault) {
    const int line = first_line + (fault.mark.is_null() ? 1 : fault.mark.line + 1);
    const bool tab = is_indented_by_tab(text, fault.mark.is_null() ? 0 : fault.mark.line);
    diagnostics.error(line, "",
                      "this is not YAML: " + (tab ? "a tab indents this line; write spaces"
                                                  : fault.msg + "; check indentation and quotes around here"));
  }
  return {};
}

std::optional<ConfigNode> parse_yaml_value(std::string_view text, Diagnostics& diagnostics, int line) {
  try {
    return Walker(diagnostics, 0, line).walk(YAML::Load(std::string(text)));
  } catch (const YAML::Exception&) {
    return std::nullopt;
  }
}

std::string to_yaml(const ConfigNode& root, const Diagnostics& notes, bool redact) {
  YAML::Emitter out;
  out.SetNullFormat(YAML::LowerNull);
  Writer(out, notes, redact).write(root);
  return std::string(out.c_str()) + "\n";
}

}  // namespace nanospan::gateway
