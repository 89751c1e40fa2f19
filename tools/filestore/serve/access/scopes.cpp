#include "serve/access/scopes.h"

#include <array>
#include <utility>

namespace filestore::tool::serve {

namespace {

constexpr std::array<std::pair<Scope, std::string_view>, 5> names{{{Scope::read, "read"},
                                                                   {Scope::write, "write"},
                                                                   {Scope::remove, "delete"},
                                                                   {Scope::admin, "admin"},
                                                                   {Scope::metrics, "metrics"}}};

}  // namespace

std::string_view name_of(Scope scope) noexcept {
    for (const auto& [named, name] : names) {
        if (named == scope) {
            return name;
        }
    }
    return "open";
}

std::optional<Scope> parse_scope(std::string_view text) noexcept {
    for (const auto& [scope, name] : names) {
        if (name == text) {
            return scope;
        }
    }
    return std::nullopt;
}

Scopes Scopes::all() noexcept {
    Scopes scopes;
    for (const auto& named : names) {
        scopes.add(named.first);
    }
    return scopes;
}

}  // namespace filestore::tool::serve
