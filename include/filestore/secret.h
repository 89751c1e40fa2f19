#pragma once

/// Text that must not stay in memory: keys, tokens, passwords.

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "filestore/export.h"

namespace filestore {

/// Overwrites all that the string has room for, and empties it. Neither fails nor blocks.
FILESTORE_API void wipe(std::string& text) noexcept;

/// A text that is wiped when it goes, moves away or is assigned to. Has no way to be printed. What it is made from is the caller's to wipe, unless it is
/// moved here. Making and copying one may throw std::bad_alloc. A value; one thread at a time.
class SecretString {
public:
    SecretString() noexcept = default;
    SecretString(std::string text) noexcept : text_(std::move(text)) { wipe(text); }
    SecretString(std::string_view text) : text_(text) {}
    SecretString(const char* text) : text_(text) {}
    SecretString(const SecretString& other) = default;
    SecretString(SecretString&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }
    SecretString& operator=(SecretString other) noexcept {
        text_.swap(other.text_);
        return *this;
    }
    ~SecretString() { wipe(text_); }

    /// Holds until the text goes or is changed.
    operator std::string_view() const noexcept { return text_; }
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
    /// Bytes.
    [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }
    /// For a parser that works in place: size() bytes and a NUL.
    [[nodiscard]] char* data() noexcept { return text_.data(); }

    /// Stops at the first difference: it is for texts that both sides know already.
    template <std::convertible_to<std::string_view> Text>
    friend bool operator==(const SecretString& secret, const Text& text) noexcept {
        return std::string_view(secret) == std::string_view(text);
    }

private:
    std::string text_;
};

}  // namespace filestore
