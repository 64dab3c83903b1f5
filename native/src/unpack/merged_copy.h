#pragma once
#include <string>
#include <vector>

#include "unpack/overlay_marks.h"
#include "unpack/status.h"

namespace tinyd::unpack {

/** What {@link copyMergedFolder} works on. */
struct MergedCopyOptions {
  /** Folders that together are one merged folder, nearest first. Nobody changes them meanwhile. */
  std::vector<std::string> folders;
  /** An existing empty folder, of which nobody else knows. */
  std::string targetDir;
  OverlayXattr overlay = OverlayXattr::kTrusted;
};

/**
 * Copies what overlayfs would show of some folders into a plain one: content, holes, owners, modes, times,
 * extended attributes, links (hard ones among themselves), device nodes as nodes. Symbolic links are copied
 * and never followed. The target itself takes the attributes of the merged folder.
 */
Status copyMergedFolder(const MergedCopyOptions& options);

}  // namespace tinyd::unpack
