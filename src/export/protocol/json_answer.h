#pragma once

/// A JSON answer, as far as the Files APIs nest theirs. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"

namespace filestore::provider {

/// The members of an object that are strings, numbers or truths. A value.
struct JsonMembers {
    std::map<std::string, std::string, std::less<>> texts{};
    std::map<std::string, std::int64_t, std::less<>> numbers{};
    std::map<std::string, bool, std::less<>> truths{};

    /// Empty where there is none.
    [[nodiscard]] std::string text(std::string_view name) const;
    [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;
    /// False where there is none.
    [[nodiscard]] bool is_true(std::string_view name) const;
};

/// What lies deeper is left out. A value.
struct JsonAnswer {
    JsonMembers members{};
    /// Members that are objects.
    std::map<std::string, JsonMembers, std::less<>> objects{};
    /// Members that are arrays, with the objects in them.
    std::map<std::string, std::vector<JsonMembers>, std::less<>> lists{};

    [[nodiscard]] bool is_empty() const noexcept {
        return members.texts.empty() && members.numbers.empty() && members.truths.empty() &&
               objects.empty() && lists.empty();
    }
    /// Null where there is none.
    [[nodiscard]] const JsonMembers* object(std::string_view name) const;
    [[nodiscard]] const std::vector<JsonMembers>* list(std::string_view name) const;
};

/// Nothing where the text is no JSON object. May throw std::bad_alloc.
[[nodiscard]] std::optional<JsonAnswer> parse_answer(std::string_view json);

}  // namespace filestore::provider
