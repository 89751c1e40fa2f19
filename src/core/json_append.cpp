#include "core/json_append.h"

#include <algorithm>

#include "core/json.h"

namespace filestore {

namespace {

bool needs_escape(char character) {
    return static_cast<unsigned char>(character) < 0x20 || character == '"' || character == '\\';
}

void append_key(std::string& object, std::string_view key) {
    object += object.empty() ? '{' : ',';
    append_json_string(object, key);
    object += ':';
}

}  // namespace

/// The writer goes byte by byte, so it only gets what it has to change.
void append_json_string(std::string& json, std::string_view text) {
    if (std::none_of(text.begin(), text.end(), needs_escape)) {
        json.append(1, '"').append(text).append(1, '"');
        return;
    }
    JsonText output;
    JsonTextWriter writer(output);
    writer.String(text.data(), static_cast<rj::SizeType>(text.size()));
    json += output.text;
}

void append_json_member(std::string& object, std::string_view key, std::string_view value) {
    append_key(object, key);
    object += value;
}

void append_json_text(std::string& object, std::string_view key, std::string_view text) {
    append_key(object, key);
    append_json_string(object, text);
}

}  // namespace filestore
