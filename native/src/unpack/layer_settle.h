#pragma once
#include "unpack/layer_writer.h"

namespace tinyd::unpack {

struct SettleOptions {
  std::string targetDir;
  /** Nearest first. */
  std::vector<std::string> lowerDirs;
  std::vector<std::string> impliedDirs;
  std::vector<LayerSummary::Link> pendingLinks;
  std::vector<std::string> whiteouts;
  OverlayXattr overlay = OverlayXattr::kTrusted;
};

/**
 * Completes a layer once the layers below are known.
 *
 * The target of a link into a lower layer is copied up to its own path and linked from there, as overlayfs
 * does it: all links to it share one inode. Implied folders take mode, owner, times and attributes of the
 * nearest lower layer that has them; where there is none they stay 0755. A whiteout that hides nothing goes:
 * overlayfs lists its name in folders that it need not merge.
 */
Status settleLayer(const SettleOptions& options);

}  // namespace tinyd::unpack
