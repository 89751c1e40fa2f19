#include "local/read_check.h"

#include <string>
#include <utility>

namespace filestore::local {

ReadCheck::ReadCheck(ChecksumValue expected, std::uint64_t size)
    : running_(expected.algorithm), expected_(std::move(expected)), size_(size) {}

Result<void> ReadCheck::add(const Store& store, const FileId& id, std::uint64_t offset,
                            std::span<const std::byte> bytes) {
    if (offset != next_) {
        return {};
    }
    running_.update(bytes);
    next_ += bytes.size();
    if (next_ != size_) {
        return {};
    }
    const ChecksumValue found = running_.finish();
    if (found == expected_) {
        return {};
    }
    return Error(ErrorCode::corrupt, "file " + id.str() + " " + store.place() + " is damaged: its " +
                                         std::string(to_string(found.algorithm)) + " is " + found.text() +
                                         " where its metadata tells of " + expected_.text());
}

}  // namespace filestore::local
