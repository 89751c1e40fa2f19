#pragma once

/// Compact JSON that is put together from few members: a writer costs more than they do. Pure functions.

#include <string>
#include <string_view>

namespace filestore {

/// Appends a string. `text` is UTF-8.
void append_json_string(std::string& json, std::string_view text);

/// Appends a member, whose value is JSON, and before the first one of an object its brace. Who is done appends the other.
void append_json_member(std::string& object, std::string_view key, std::string_view value);

/// The same with a string for its value.
void append_json_text(std::string& object, std::string_view key, std::string_view text);

}  // namespace filestore
