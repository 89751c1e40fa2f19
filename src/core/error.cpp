#include "filestore/error.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/utf8.h"

namespace filestore {

namespace {

std::string_view text_of(ErrorCode code) noexcept {
    switch (code) {
#define FILESTORE_CODE(name, number, text) \
    case ErrorCode::name:                  \
        return text;
        FILESTORE_ERROR_CODES(FILESTORE_CODE)
#undef FILESTORE_CODE
    }
    return "an error of a kind that this version of the library does not know";
}

/// Servers and exceptions put what they like into messages: control characters become blanks, other damage
/// `?`.
std::string one_line(std::string message) {
    if (std::all_of(message.begin(), message.end(), [](char c) { return c >= ' ' && c <= '~'; })) {
        return message;
    }
    std::string_view text = message;
    std::string line;
    line.reserve(text.size());
    while (!text.empty()) {
        const std::size_t size = utf8_character_size(text);
        if (size == 0) {
            line += '?';
            text.remove_prefix(1);
            continue;
        }
        const std::string_view character = text.substr(0, size);
        line += is_control_character(character) ? std::string_view(" ") : character;
        text.remove_prefix(size);
    }
    return line;
}

/// Holds a value that is never destroyed, so that it can still be used while the process exits.
template <class T>
union Immortal {
    Immortal() : value() {}
    ~Immortal() {}
    T value;
};

}  // namespace

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
#define FILESTORE_CODE(name, number, text) \
    case ErrorCode::name:                  \
        return #name;
        FILESTORE_ERROR_CODES(FILESTORE_CODE)
#undef FILESTORE_CODE
    }
    return "unknown";
}

struct Error::Text {
    std::string message;
    ErrorDetails details;
};

Error::Error(ErrorCode code, std::string message, ErrorDetails details)
    : code_(code),
      text_(std::make_shared<const Text>(Text{one_line(std::move(message)), std::move(details)})) {}

// Most errors have no details: each place that makes one would else have to build and destroy them.
Error::Error(ErrorCode code, std::string message) : Error(code, std::move(message), {}) {}

Error::Error(ErrorCode code, const char* message) : Error(code, std::string(message)) {}

std::string_view Error::message() const noexcept {
    return text_ && !text_->message.empty() ? std::string_view(text_->message) : text_of(code_);
}

const ErrorDetails& Error::details() const noexcept {
    static const Immortal<ErrorDetails> none;
    return text_ ? text_->details : none.value;
}

Error Error::within(std::string_view where) const {
    std::string message(where);
    message += ": ";
    message += this->message();
    return {code_, std::move(message), details()};
}

}  // namespace filestore
