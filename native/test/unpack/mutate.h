#pragma once
#include <cstdint>
#include <random>
#include <vector>

namespace tinyd::unpack {

using Archive = std::vector<uint8_t>;

/** Changes archives at random, mostly so that their header checksums still hold. */
class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}
  /** One of the archives with a few changes. */
  Archive next(const std::vector<Archive>& corpus);
  size_t below(size_t limit) {
    return limit == 0 ? 0 : random_() % limit;
  }

 private:
  void change(Archive* archive, const std::vector<Archive>& corpus);
  void changeField(Archive* archive);
  void changeRecord(Archive* archive);

  std::mt19937_64 random_;
};

}  // namespace tinyd::unpack
