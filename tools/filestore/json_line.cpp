#include "json_line.h"

#include <utility>

#include "core/json.h"

namespace filestore::tool {

namespace {

std::string json_string(std::string_view text) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.String(text.data(), static_cast<rj::SizeType>(text.size()));
    return std::move(output.text);
}

}  // namespace

void JsonLine::add(std::string_view key, std::string_view json) {
    members_ += members_.empty() ? '{' : ',';
    members_ += json_string(key);
    members_ += ':';
    members_ += json;
}

JsonLine& JsonLine::text(std::string_view key, std::string_view value) {
    add(key, json_string(value));
    return *this;
}

JsonLine& JsonLine::number(std::string_view key, std::uint64_t value) {
    add(key, std::to_string(value));
    return *this;
}

JsonLine& JsonLine::boolean(std::string_view key, bool value) {
    add(key, value ? "true" : "false");
    return *this;
}

JsonLine& JsonLine::json(std::string_view key, std::string_view value) {
    add(key, value);
    return *this;
}

JsonLine& JsonLine::objects(std::string_view key, const std::vector<JsonLine>& values) {
    std::string list;
    for (const JsonLine& value : values) {
        list += (list.empty() ? "" : ",") + value.object();
    }
    add(key, "[" + list + "]");
    return *this;
}

}  // namespace filestore::tool
