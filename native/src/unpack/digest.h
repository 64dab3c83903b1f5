#pragma once
#include <string>
#include <string_view>

#include "unpack/byte_source.h"

struct evp_md_ctx_st;

namespace tinyd::unpack {

/** Hashes a stream with the algorithm of the digest that is expected of it (sha256 or sha512). */
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  /** Takes `algorithm:hex`; false when it is no digest that can be verified. */
  bool expect(std::string_view digest);
  void update(Bytes bytes);
  /** Ends the stream; fails with `code` when the digest is not the expected one. `what` names the stream. */
  Status verify(Code code, const char* what);

 private:
  evp_md_ctx_st* context_;
  std::string algorithm_;
  std::string expected_;
};

}  // namespace tinyd::unpack
