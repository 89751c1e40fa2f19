#include "serve/url_form.h"

#include <algorithm>

#include "core/utf8.h"
#include "serve/url.h"

namespace filestore::tool::serve {

namespace {

/// Of a name and its value, as they are sent.
constexpr std::size_t longest_field = std::size_t{1024} * 1024;
constexpr std::size_t most_fields = 1'000;

/// How many bytes at the beginning, where no character stands, one replacement stands for: as many as a character could begin with, or one.
std::size_t broken_size(std::string_view text) {
    for (std::size_t size = std::min<std::size_t>(text.size(), 3); size > 1; --size) {
        if (utf8_character_size(std::string(text.substr(0, size)) + "\x80\x80") > size) {
            return size;
        }
    }
    return 1;
}

/// With U+FFFD for what is no UTF-8.
std::string replaced(std::string_view text) {
    std::string made;
    while (!text.empty()) {
        const std::size_t size = utf8_character_size(text);
        made += size > 0 ? text.substr(0, size) : "\uFFFD";
        text.remove_prefix(size > 0 ? size : broken_size(text));
    }
    return made;
}

std::string decode(std::string_view sent) {
    std::string text;
    for (const char character : sent) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte < 0x80) {
            text += character == '+' ? ' ' : character;
        } else {
            text += static_cast<char>(0xC0 | (byte >> 6));
            text += static_cast<char>(0x80 | (byte & 0x3F));
        }
    }
    return replaced(percent_decode(text));
}

}  // namespace

void UrlFormReader::take(std::string_view bytes) {
    while (taker_ != nullptr && !bytes.empty()) {
        const std::size_t end = std::min(bytes.find('&'), bytes.size());
        add(bytes.substr(0, end));
        if (end == bytes.size()) {
            return;
        }
        end_field();
        bytes.remove_prefix(end + 1);
    }
}

std::size_t UrlFormReader::room() const {
    return taker_ == nullptr ? unlimited : taker_->room();
}

void UrlFormReader::end() {
    end_field();
    if (taker_ != nullptr) {
        taker_->end();
        taker_.reset();
    }
}

void UrlFormReader::add(std::string_view text) {
    field_ += text;
    const std::size_t too_many = field_.size() - std::min(field_.size(), longest_field);
    // Between the two stands a sign of neither.
    if (too_many > 1 || (too_many == 1 && field_.find('=') == std::string::npos)) {
        fail(FormFault::long_field);
    }
}

void UrlFormReader::end_field() {
    if (taker_ == nullptr || field_.empty()) {
        return;
    }
    if (++count_ > most_fields) {
        fail(FormFault::many_fields);
        return;
    }
    const std::string_view field = field_;
    const std::size_t equals = std::min(field.find('='), field.size());
    taker_->begin_part({decode(field.substr(0, equals)), {}, {}});
    taker_->take(decode(field.substr(std::min(equals + 1, field.size()))));
    field_.clear();
}

void UrlFormReader::fail(FormFault fault) {
    taker_->fail(fault);
    taker_.reset();
    field_ = {};
}

}  // namespace filestore::tool::serve
