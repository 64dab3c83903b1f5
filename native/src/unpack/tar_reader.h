#pragma once
#include "unpack/pax.h"
#include "unpack/tar_header.h"

namespace tinyd::unpack {

/**
 * Reads a tar archive member by member: v7, ustar, GNU, pax, star.
 *
 * Where GNU tar, libarchive and Go's archive/tar read one archive differently, it is refused: what a scanner
 * saw must be what is unpacked.
 */
class TarReader {
 public:
  explicit TarReader(ByteSource& source) : source_(source) {}

  /** The next member; `found` is false at the end of the archive. Unread data of the last one is skipped. */
  Status next(Entry* entry, bool* found);

  /** The next run of the member's data and its place in the file; empty at the end of the member. */
  Status read(uint64_t* offset, Bytes* data);

 private:
  /** Extension headers in front of a member. */
  struct Extensions {
    std::optional<std::string> longPath;
    std::optional<std::string> longLink;
    std::optional<PaxHeader> pax;
    bool any() const {
      return longPath || longLink || pax;
    }
  };

  Status readBlock(TarBlock* block, bool* ended);
  Status readWholeBlock(TarBlock* block);
  Status readEnd();
  Status readExtension(const TarHeader& header, Extensions* extensions, bool* wasExtension);
  Status readContent(uint64_t size, std::string* content);
  Status readText(const TarHeader& header, std::optional<std::string>* text);
  Status readGlobal(const TarHeader& header);
  Status readGnuSparse(const TarBlock& block, Entry* entry);
  Status readPaxSparse(PaxHeader::Sparse& sparse, Entry* entry);
  Status readSparseLines(SparseMap* map);
  Status readSparseNumber(std::string* buffer, uint64_t* number);
  Status merge(const TarHeader& header, Extensions& extensions, Entry* entry);
  Status setType(const TarHeader& header, Entry* entry);
  Status skipRest();

  ByteSource& source_;
  PaxHeader global_;
  /** What the archive still holds of the current member, without padding. */
  uint64_t stored_ = 0;
  size_t padding_ = 0;
  /** Sparse files: the runs to come. Others: one run, the whole file. */
  std::vector<SparseRun> runs_;
  size_t run_ = 0;
  uint64_t runPosition_ = 0;
};

}  // namespace tinyd::unpack
