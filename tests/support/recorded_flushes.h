#pragma once

#include <string>
#include <vector>

namespace filestore::test {

/// While one lives, notes the path of everything that the same thread flushes. Not nested.
class RecordedFlushes {
public:
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
