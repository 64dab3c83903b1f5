#pragma once
#include <string>
#include <string_view>

namespace tinyd::unpack {

/** Undoes %XX, as libarchive writes names of extended attributes into pax keywords. False when malformed. */
bool decodePercent(std::string_view text, std::string* bytes);

/** Decodes base64 with or without its padding, as libarchive writes values. False when malformed. */
bool decodeBase64(std::string_view text, std::string* bytes);

}  // namespace tinyd::unpack
