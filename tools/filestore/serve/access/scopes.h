#pragma once

/// What somebody may do. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace filestore::tool::serve {

/// What a route needs; `open` needs nothing, and `signed_url` what its handler looks for in the URL.
enum class Scope : std::uint8_t { open, read, write, remove, admin, metrics, signed_url };

/// "read", "write", "delete", "admin", "metrics".
[[nodiscard]] std::string_view name_of(Scope scope) noexcept;
[[nodiscard]] std::optional<Scope> parse_scope(std::string_view text) noexcept;

/// A value.
class Scopes {
public:
    void add(Scope scope) noexcept { bits_ |= bit(scope); }
    [[nodiscard]] bool has(Scope scope) const noexcept {
        return scope == Scope::open || (bits_ & bit(scope)) != 0;
    }
    [[nodiscard]] bool empty() const noexcept { return bits_ == 0; }
    [[nodiscard]] static Scopes all() noexcept;

private:
    static std::uint8_t bit(Scope scope) noexcept {
        return static_cast<std::uint8_t>(1U << static_cast<unsigned>(scope));
    }

    std::uint8_t bits_ = 0;
};

}  // namespace filestore::tool::serve
