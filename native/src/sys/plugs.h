#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sys/result.h"

namespace tinyd {

/** What a look at the plugs of many containers in their bridges found. */
struct PlugsSeen {
  /** Plugs that were known. */
  size_t known = 0;
  /** Whether each of them is a port of its bridge, which is up and has its index. */
  bool hold = true;
  /** A container of which nothing is known, or whose file has changed since. */
  struct Unknown {
    std::string name;
    std::string identity;
  };
  std::vector<Unknown> unknown;
};

/**
 * Looks at `folder/<name>/<file>` of each name, without reading it, and at the bridges that `known` names for
 * it. That is text of lines `NAME IDENTITY: BRIDGE BRIDGE'S-INDEX INDEX…`, the last three for each plug,
 * `identify` telling the identity. A line that looks otherwise is none. Names without such a file have no
 * plugs.
 */
Result<PlugsSeen> lookAtPlugs(const std::string& folder, const std::vector<std::string>& names,
                              const std::string& file, std::string_view known);

}  // namespace tinyd
