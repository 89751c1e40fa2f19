#pragma once

#include <string>
#include <vector>

namespace filestore::test {

/// While one lives, notes the path of everything that the same thread flushes. Not nested.
class RecordedFlushes {
public:
    /// In place of a path. The kernel does not tell the later name of a file that was made without one.
    static constexpr const char* without_name = "a file without a name";
    static constexpr const char* named_later = "a file that got a name later";

    RecordedFlushes();
    RecordedFlushes(const RecordedFlushes&) = delete;
    RecordedFlushes& operator=(const RecordedFlushes&) = delete;
    ~RecordedFlushes();

    [[nodiscard]] const std::vector<std::string>& paths() const noexcept { return paths_; }
    void note(int descriptor);

private:
    std::vector<std::string> paths_;
};

}  // namespace filestore::test
