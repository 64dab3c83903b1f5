#pragma once
#include "unpack/layer_tree.h"
#include "unpack/merged_layers.h"

namespace tinyd::unpack {

/** Copies a file, link, device or fifo of a lower layer with all its metadata; holes stay holes. */
Status copyUp(const MergedFile& source, const Place& place);

}  // namespace tinyd::unpack
