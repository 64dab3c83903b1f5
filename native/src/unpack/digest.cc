#include "unpack/digest.h"

#include <openssl/evp.h>

namespace tinyd::unpack {

Hasher::Hasher() : context_(EVP_MD_CTX_new()) {}

Hasher::~Hasher() {
  EVP_MD_CTX_free(context_);
}

bool Hasher::expect(std::string_view digest) {
  const size_t colon = digest.find(':');
  if (colon == std::string_view::npos) return false;
  algorithm_ = digest.substr(0, colon);
  expected_ = digest.substr(colon + 1);
  const EVP_MD* method = algorithm_ == "sha256"   ? EVP_sha256()
                         : algorithm_ == "sha512" ? EVP_sha512()
                                                  : nullptr;
  if (method == nullptr || expected_.size() != (algorithm_ == "sha256" ? 64u : 128u)) return false;
  if (expected_.find_first_not_of("0123456789abcdef") != std::string::npos) return false;
  return context_ != nullptr && EVP_DigestInit_ex(context_, method, nullptr) == 1;
}

void Hasher::update(Bytes bytes) {
  EVP_DigestUpdate(context_, bytes.data(), bytes.size());
}

Status Hasher::verify(Code code, const char* what) {
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_DigestFinal_ex(context_, value, &length);
  std::string found;
  for (unsigned int i = 0; i < length; i++) {
    found += "0123456789abcdef"[value[i] >> 4];
    found += "0123456789abcdef"[value[i] & 15];
  }
  if (length > 0 && found == expected_) return {};
  const std::string prefix = algorithm_ + ":";
  return fail(code, std::string(what) + " has digest " + prefix + found + ", expected " + prefix + expected_);
}

}  // namespace tinyd::unpack
