#pragma once

/// What a driver was about to do and what it was told, in a file outside the store that outlives the cut.

#include <cstddef>
#include <string>

namespace filestore::test {

/// What a ledger tells. A value.
struct Ledger {
    /// How many operations were begun, and how many of them were acknowledged.
    std::size_t begun = 0;
    std::size_t acknowledged = 0;
    /// Where the power went; empty while it has not.
    std::string cut;
    /// What the store said where an operation failed before the cut; none may.
    std::string failure;
};

/// Each line is flushed before the call returns. A resource; one thread at a time. Throws std::runtime_error.
class LedgerWriter {
public:
    /// Begins a new ledger in place of what is there.
    explicit LedgerWriter(const std::string& path);
    LedgerWriter(const LedgerWriter&) = delete;
    LedgerWriter& operator=(const LedgerWriter&) = delete;
    ~LedgerWriter();

    void begin();
    void acknowledge();
    void cut(const std::string& where);
    void fail(const std::string& message);

private:
    void write_line(std::string line);

    int file_;
};

[[nodiscard]] Ledger read_ledger(const std::string& path);

}  // namespace filestore::test
