#pragma once
#include "unpack/layer_tree.h"
#include "unpack/merged_layers.h"

namespace tinyd::unpack {

/** Copies a file, link, device or fifo of a lower layer with all its metadata; holes stay holes. */
Status copyUp(const MergedFile& source, const Place& place);

/** Gives a folder the owner, mode, attributes and times of a lower layer's, both by descriptor. */
Status copyUpFolder(int source, int folder, OverlayXattr overlay, const std::string& path);

}  // namespace tinyd::unpack
