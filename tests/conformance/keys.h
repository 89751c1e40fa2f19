#pragma once

/// Random keys of S3 objects, by what is difficult about them.

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace filestore::test {

/// The same keys for the same seed; none is another's beginning, or names a folder of another. A resource; one thread at a time.
class KeyMaker {
public:
    /// Each key has pieces that every server must take, and some of `difficult` among them.
    explicit KeyMaker(std::vector<std::string> difficult = {}, std::uint64_t seed = 1);

    [[nodiscard]] std::string next();
    /// One of just so many bytes, in segments of at most `longest_segment`.
    [[nodiscard]] std::string next_of(std::size_t bytes, std::size_t longest_segment);

private:
    [[nodiscard]] std::string next_number();
    [[nodiscard]] const std::string& any_of(const std::vector<std::string>& pieces);

    std::mt19937_64 chance_;
    std::vector<std::string> difficult_;
    unsigned number_ = 0;
};

/// Pieces of keys that mean something in URLs and forms.
[[nodiscard]] std::vector<std::string> plus_and_percent();

/// Each character that XML 1.0 cannot hold, and a few that somebody might not expect; without line breaks.
[[nodiscard]] std::vector<std::string> control_characters();

/// Keys that would be one if somebody normalised or trimmed them.
[[nodiscard]] std::vector<std::string> keys_that_look_alike();

/// Keys that would be one if somebody decoded them once too often.
[[nodiscard]] std::vector<std::string> keys_that_decode_alike();

/// For messages: what is not printable ASCII as `\xHH`.
[[nodiscard]] std::string escaped(std::string_view key);

}  // namespace filestore::test
