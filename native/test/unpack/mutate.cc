#include "mutate.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace tinyd::unpack {

namespace {

constexpr size_t kBlock = 512;

struct Field {
  size_t offset, width;
};
constexpr Field kFields[] = {{0, 100},  {100, 8},   {108, 8}, {116, 8}, {124, 12}, {136, 12},
                             {156, 1},  {157, 100}, {257, 8}, {329, 8}, {337, 8},  {345, 155},
                             {386, 12}, {398, 12},  {482, 1}, {483, 12}};

constexpr std::string_view kValues[] = {"0",           "00000000000",
                                        "77777777777", "00000000001",
                                        "00000001000", "-1",
                                        " 7 ",         "x",
                                        "g",           "L",
                                        "K",           "S",
                                        "1",           "2",
                                        "3",           "4",
                                        "5",           "6",
                                        "7",           "V",
                                        "ustar  ",     "../../../etc/x",
                                        "/",           ".",
                                        "..",          "a/../b",
                                        ".wh.a",       ".wh..wh..opq",
                                        ".wh.",        "a",
                                        "a/b",         "a/b/c",
                                        "d/",          "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                                        "\x80"};

constexpr std::string_view kRecords[] = {"30 mtime=1350244992.023960108\n",
                                         "12 path=a/b\n",
                                         "14 linkpath=a\n",
                                         "10 size=0\n",
                                         "18 size=9999999999\n",
                                         "22 GNU.sparse.major=1\n",
                                         "22 GNU.sparse.minor=0\n",
                                         "29 GNU.sparse.realsize=65536\n",
                                         "22 GNU.sparse.size=9\n",
                                         "24 GNU.sparse.map=0,1,5,1\n",
                                         "26 GNU.sparse.offset=4096\n",
                                         "26 GNU.sparse.numbytes=1\n",
                                         "27 SCHILY.xattr.user.x=abcd\n",
                                         "0 \n",
                                         "99999999999999999999 a=b\n",
                                         "5 a=\n",
                                         "11 uid=4294\n"};

/** Recomputes the checksums of all blocks that look like headers. */
void mendChecksums(Archive* archive) {
  for (size_t at = 0; at + kBlock <= archive->size(); at += kBlock) {
    uint8_t* block = archive->data() + at;
    if (memcmp(block + 257, "ustar", 5) != 0) continue;
    memset(block + 148, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < kBlock; i++) sum += block[i];
    char text[8];
    snprintf(text, sizeof text, "%06o", sum);
    memcpy(block + 148, text, 7);
  }
}

}  // namespace

void Mutator::changeField(Archive* archive) {
  std::vector<size_t> headers;
  for (size_t at = 0; at + kBlock <= archive->size(); at += kBlock) {
    if (memcmp(archive->data() + at + 257, "ustar", 5) == 0) headers.push_back(at);
  }
  if (headers.empty()) return;
  uint8_t* block = archive->data() + headers[below(headers.size())];
  const Field field = kFields[below(std::size(kFields))];
  const std::string_view value = kValues[below(std::size(kValues))];
  memset(block + field.offset, 0, field.width);
  memcpy(block + field.offset, value.data(), std::min(value.size(), field.width));
}

void Mutator::changeRecord(Archive* archive) {
  if (archive->empty()) return;
  const std::string_view record = kRecords[below(std::size(kRecords))];
  const size_t at = below(2) == 0 ? below(archive->size() / kBlock) * kBlock : below(archive->size());
  memcpy(archive->data() + at, record.data(), std::min(record.size(), archive->size() - at));
}

void Mutator::change(Archive* archive, const std::vector<Archive>& corpus) {
  const size_t blocks = archive->size() / kBlock;
  const auto at = [&](size_t block) {
    return archive->begin() + static_cast<std::ptrdiff_t>(block * kBlock);
  };
  const size_t from = below(blocks), count = 1 + below(4);
  switch (below(9)) {
    case 0:
      if (!archive->empty()) (*archive)[below(archive->size())] ^= static_cast<uint8_t>(1u << below(8));
      break;
    case 1:
      if (!archive->empty()) (*archive)[below(archive->size())] = static_cast<uint8_t>(random_());
      break;
    case 2:
      archive->erase(at(from), at(std::min(blocks, from + count)));
      break;
    case 3: {
      const Archive copy(at(from), at(std::min(blocks, from + count)));
      archive->insert(at(below(blocks + 1)), copy.begin(), copy.end());
      break;
    }
    case 4: {
      const Archive& other = corpus[below(corpus.size())];
      const size_t start = below(other.size() / kBlock) * kBlock;
      const size_t length = std::min(other.size() - start, kBlock * (1 + below(8)));
      const auto first = other.begin() + static_cast<std::ptrdiff_t>(start);
      archive->insert(at(below(blocks + 1)), first, first + static_cast<std::ptrdiff_t>(length));
      break;
    }
    case 5:
      archive->resize(below(archive->size() + 1));
      break;
    case 6:
      changeRecord(archive);
      break;
    default:
      changeField(archive);
  }
}

Archive Mutator::next(const std::vector<Archive>& corpus) {
  Archive archive = corpus[below(corpus.size())];
  for (size_t changes = 1 + below(6); changes > 0; changes--) change(&archive, corpus);
  if (below(8) != 0) mendChecksums(&archive);
  return archive;
}

}  // namespace tinyd::unpack
