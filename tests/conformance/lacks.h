#pragma once

/// The features that S3 servers lack, as lacks.txt lists them.

#include <string>
#include <string_view>
#include <vector>

namespace filestore::test {

struct Lack {
    std::string server;
    std::string feature;
    std::string reason;
};

/// A value.
class Lacks {
public:
    /// Reads lines `server feature reason...`; empty ones and those that begin with # are left out. Throws
    /// std::runtime_error with the number of a line that is not one, repeats one, or excuses a feature that no server
    /// may lack.
    [[nodiscard]] static Lacks parse(std::string_view text);
    [[nodiscard]] static Lacks read(const std::string& path);

    [[nodiscard]] bool has(std::string_view server, std::string_view feature) const;
    [[nodiscard]] const std::vector<Lack>& all() const noexcept { return lacks_; }

private:
    std::vector<Lack> lacks_;
};

}  // namespace filestore::test
