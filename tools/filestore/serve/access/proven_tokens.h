#pragma once

/// Which tokens were found to be right.

#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace filestore::tool::serve {

/// Remembers as many as have been used lately, by their hashes. One of them may be wrong by now, which whoever finds it out notes. A resource; thread-safe.
class ProvenTokens {
public:
    void note(std::string_view token, bool is_right);
    [[nodiscard]] bool has(std::string_view token) const;

private:
    mutable std::mutex mutex_;
    std::set<std::string, std::less<>> hashes_;
};

}  // namespace filestore::tool::serve
