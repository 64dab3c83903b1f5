#pragma once
#include <string>
#include <string_view>

#include "unpack/status.h"

namespace tinyd::unpack {

/** The longest path that the kernel takes (PATH_MAX without its NUL). */
constexpr size_t kMaxPath = 4095;

/**
 * Brings a name out of an archive into the form used throughout: components joined by single slashes, no
 * leading or trailing slash, no `.`, `..` resolved by the letter as Go's path.Clean does. The layer's root is
 * the empty path.
 *
 * Fails with ESCAPE when `..` leads above the root.
 */
Status normalise(std::string_view name, std::string* path);

/** The folder part; empty for something that lies in the root. */
std::string_view parentOf(std::string_view path);

/** The last component. */
std::string_view nameOf(std::string_view path);

std::string join(std::string_view directory, std::string_view name);

/** What a name means in a layer archive (OCI image-spec layer.md, "Whiteouts"). */
enum class NameKind {
  kPlain,
  /** `.wh.NAME`: NAME of the lower layers is gone. */
  kWhiteout,
  /** `.wh..wh..opq`: all that lower layers have in this folder is gone. */
  kOpaque,
  /** Other names with the prefix `.wh..wh.`, on any level: bookkeeping of aufs, not part of the layer. */
  kMetadata,
};

/** Classifies a normalised path; `target` is the path that a whiteout hides. Fails for names that hide
 * nothing. */
Status classify(const std::string& path, NameKind* kind, std::string* target);

}  // namespace tinyd::unpack
