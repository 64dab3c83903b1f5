#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sys/result.h"

namespace tinyd {

/** A bridge as it is at this moment. */
struct Bridge {
  int index;
  bool isUp;
  /** Indexes of the links that are its ports. */
  std::vector<int> ports;
};

/** Looks at a bridge of this network namespace; nothing where no link has that name. EOPNOTSUPP: it is no
 * bridge. */
Result<std::optional<Bridge>> lookAtBridge(const std::string& name);

}  // namespace tinyd
