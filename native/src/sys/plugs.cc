#include "sys/plugs.h"

#include <fcntl.h>

#include <charconv>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "sys/bridge.h"
#include "sys/fd.h"
#include "sys/files.h"

namespace tinyd {
namespace {

struct Plug {
  std::string_view bridge;
  int bridgeIndex;
  int index;
};

using Lines = std::unordered_map<std::string_view, std::string_view>;

/** What follows each name and its space. */
Lines linesOf(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    // What does not end is no line.
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(0, end);
    const size_t space = line.find(' ');
    if (space != std::string_view::npos) lines[line.substr(0, space)] = line.substr(space + 1);
    text.remove_prefix(end + 1);
  }
  return lines;
}

/** The next word, which a space precedes. */
std::optional<std::string_view> takeWord(std::string_view& text) {
  if (text.empty() || text.front() != ' ') return std::nullopt;
  const std::string_view word = text.substr(1, text.find(' ', 1) - 1);
  text.remove_prefix(1 + word.size());
  if (word.empty()) return std::nullopt;
  return word;
}

std::optional<int> takeIndex(std::string_view& text) {
  std::optional<std::string_view> word = takeWord(text);
  if (!word.has_value()) return std::nullopt;
  int index = 0;
  const char* end = word->data() + word->size();
  const std::from_chars_result read = std::from_chars(word->data(), end, index);
  if (read.ec != std::errc() || read.ptr != end || index <= 0) return std::nullopt;
  return index;
}

/** Nothing if the line is of another version of the file, or is none. */
std::optional<std::vector<Plug>> plugsIn(std::string_view line, const std::string& identity) {
  if (!line.starts_with(identity) || line.substr(identity.size(), 1) != ":") return std::nullopt;
  std::vector<Plug> plugs;
  for (std::string_view rest = line.substr(identity.size() + 1); !rest.empty();) {
    std::optional<std::string_view> bridge = takeWord(rest);
    std::optional<int> bridgeIndex = takeIndex(rest);
    std::optional<int> index = takeIndex(rest);
    if (!bridge.has_value() || !bridgeIndex.has_value() || !index.has_value()) return std::nullopt;
    plugs.push_back(Plug{*bridge, *bridgeIndex, *index});
  }
  return plugs;
}

/** Bridges that were looked at. */
class Bridges {
 public:
  bool hold(const Plug& plug) {
    auto found = seen_.find(plug.bridge);
    if (found == seen_.end()) found = seen_.emplace(plug.bridge, look(std::string(plug.bridge))).first;
    return found->second.index == plug.bridgeIndex && found->second.ports.contains(plug.index);
  }

 private:
  struct Ports {
    int index = 0;
    std::unordered_set<int> ports;
  };
  /** No port of what is down, is no bridge or cannot be looked at. */
  static Ports look(const std::string& name) {
    Result<std::optional<Bridge>> bridge = lookAtBridge(name);
    if (!bridge.ok() || !bridge.value().has_value() || !bridge.value()->isUp) return Ports{};
    const std::vector<int>& ports = bridge.value()->ports;
    return Ports{bridge.value()->index, std::unordered_set<int>(ports.begin(), ports.end())};
  }
  std::unordered_map<std::string_view, Ports> seen_;
};

}  // namespace

Result<PlugsSeen> lookAtPlugs(const std::string& folder, const std::vector<std::string>& names,
                              const std::string& file, std::string_view known) {
  Fd base(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base.valid()) return lastFailure("open", folder);
  const Lines lines = linesOf(known);
  Bridges bridges;
  PlugsSeen seen;
  for (const std::string& name : names) {
    Result<std::string> identity = identify(base.get(), name + "/" + file);
    if (!identity.ok()) return identity.failure();
    if (identity.value().empty()) continue;
    const auto line = lines.find(name);
    std::optional<std::vector<Plug>> plugs;
    if (line != lines.end()) plugs = plugsIn(line->second, identity.value());
    if (!plugs.has_value()) {
      seen.unknown.push_back(PlugsSeen::Unknown{name, identity.value()});
      continue;
    }
    seen.known += plugs->size();
    for (const Plug& plug : *plugs) seen.hold = seen.hold && bridges.hold(plug);
  }
  return seen;
}

}  // namespace tinyd
