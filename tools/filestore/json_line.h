#pragma once

/// One JSON object on a line, as `--json` prints it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace filestore::tool {

/// Collects members in the order in which they are added. A value.
class JsonLine {
public:
    JsonLine& text(std::string_view key, std::string_view value);
    JsonLine& number(std::string_view key, std::uint64_t value);
    JsonLine& boolean(std::string_view key, bool value);
    JsonLine& objects(std::string_view key, const std::vector<JsonLine>& values);
    /// A value that is JSON already.
    JsonLine& json(std::string_view key, std::string_view value);

    /// The object, with its line end.
    [[nodiscard]] std::string str() const { return object() + "\n"; }
    /// The same without a line end.
    [[nodiscard]] std::string object() const { return members_.empty() ? "{}" : members_ + "}"; }

private:
    void add(std::string_view key, std::string_view json);

    std::string members_;
};

}  // namespace filestore::tool
