#pragma once

/// What is done to a store before its power goes: one to three operations on two files. Values and pure functions.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "filestore/local_backend.h"

namespace filestore::test {

/// What a file holds from some operation on; number 0 is what it held before the first. A value.
struct Version {
    std::size_t file = 0;
    std::size_t number = 0;
    std::size_t size = 0;

    friend bool operator==(const Version&, const Version&) = default;
};

/// A value.
struct Operation {
    /// convert: the whole store, to the other layout; the file is there. repair: a verification that moves the file, which is damaged before, to the quarantine.
    enum class Kind { upload_new, upload_replacing, remove, convert, repair };

    Kind kind = Kind::upload_new;
    std::size_t file = 0;
    /// Of the upload, in bytes.
    std::size_t size = 0;
};

/// Never empty. The first operation is on file 0; one that replaces or removes finds a file there.
using Sequence = std::vector<Operation>;

inline constexpr std::size_t file_count = 2;
inline constexpr std::size_t longest_sequence = 3;

/// Every one, the shorter ones first.
[[nodiscard]] std::vector<Sequence> all_sequences();

/// Whether the store is converted in it.
[[nodiscard]] bool converts(const Sequence& sequence);

/// The file that is damaged before the operation which repairs the store, where there is one.
[[nodiscard]] std::optional<std::size_t> repaired_file(const Sequence& sequence);

/// "replace A by 4096 B, remove A".
[[nodiscard]] std::string describe(const Sequence& sequence);

/// Whether the file has to be there before the first operation.
[[nodiscard]] bool is_there_before(const Sequence& sequence, std::size_t file);

[[nodiscard]] Version version_before(std::size_t file);

[[nodiscard]] FileId id_of(std::size_t file);
[[nodiscard]] std::string content_of(const Version& version);
/// One byte of it is another, or it is longer by one.
[[nodiscard]] std::string damaged(std::string content);
/// Of its bytes in a store.
[[nodiscard]] std::string data_path(const std::string& base, LocalLayout layout, std::size_t file);
/// Its metadata has the number under `version`.
[[nodiscard]] UploadRequest upload_of(const Version& version);

}  // namespace filestore::test
