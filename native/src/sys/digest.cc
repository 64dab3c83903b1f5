#include "sys/digest.h"

#include <openssl/evp.h>
#include <sys/random.h>

namespace tinyd {

Result<std::string> digestOf(const std::string& algorithm, const uint8_t* bytes, size_t length) {
  const EVP_MD* method = algorithm == "sha256"   ? EVP_sha256()
                         : algorithm == "sha512" ? EVP_sha512()
                                                 : nullptr;
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (method == nullptr || EVP_Digest(bytes, length, value, &size, method, nullptr) != 1)
    return Failure{EINVAL, "digest"};
  std::string text;
  for (unsigned int i = 0; i < size; i++) {
    text += "0123456789abcdef"[value[i] >> 4];
    text += "0123456789abcdef"[value[i] & 15];
  }
  return text;
}

Result<std::vector<uint8_t>> randomBytes(size_t count) {
  std::vector<uint8_t> bytes(count);
  for (size_t got = 0; got < count;) {
    const ssize_t more = retryInterrupted([&] { return getrandom(bytes.data() + got, count - got, 0); });
    if (more == -1) return lastFailure("getrandom");
    got += static_cast<size_t>(more);
  }
  return bytes;
}

}  // namespace tinyd
