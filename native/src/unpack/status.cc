#include "unpack/status.h"

#include <cstdio>

namespace tinyd::unpack {

const char* codeName(Code code) {
  switch (code) {
    case Code::kBlobDigest:
      return "BLOB_DIGEST";
    case Code::kBlobSize:
      return "BLOB_SIZE";
    case Code::kDiffId:
      return "DIFF_ID";
    case Code::kCompression:
      return "COMPRESSION";
    case Code::kArchive:
      return "ARCHIVE";
    case Code::kEscape:
      return "ESCAPE";
    case Code::kLimit:
      return "LIMIT";
    case Code::kAborted:
      return "ABORTED";
    case Code::kSystem:
      break;
  }
  return "";
}

std::string quoted(const std::string& name) {
  constexpr size_t kShown = 200;
  std::string text = "\"";
  for (unsigned char byte : name.substr(0, kShown)) {
    if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\') {
      char escaped[5];
      snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      text += escaped;
    } else {
      text += static_cast<char>(byte);
    }
  }
  return text + (name.size() > kShown ? "...\"" : "\"");
}

}  // namespace tinyd::unpack
