#pragma once

/// That somebody works on a copy at this moment, beside what its row says: a row whose end could not be written is nobody's all the same, for this process and every other.

#include <cstdint>
#include <utility>

#include "core/descriptor.h"

namespace filestore {

/// A copy is in work as long as this lives: its byte is locked by an open file description of its own, see session_lock.h. A resource; only moved. Not to be destroyed in a forked child.
class CopyInWork {
public:
    /// `file` has the lock.
    CopyInWork(std::int64_t number, Descriptor file) noexcept : number_(number), file_(std::move(file)) {}
    CopyInWork(CopyInWork&& other) noexcept = default;
    CopyInWork& operator=(CopyInWork&& other) noexcept {
        std::swap(number_, other.number_);
        std::swap(file_, other.file_);
        return *this;
    }
    ~CopyInWork();

    /// That of its row.
    [[nodiscard]] std::int64_t number() const noexcept { return number_; }

private:
    std::int64_t number_;
    Descriptor file_;
};

}  // namespace filestore
