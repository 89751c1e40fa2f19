#pragma once

/// Text that must not stay in memory: keys, tokens, answers that hold them.

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filestore/error.h"

namespace filestore {

/// Overwrites all that the string has room for, and empties it.
void wipe(std::string& text) noexcept;

/// Takes as long for a wrong text as for the right one of the same length.
[[nodiscard]] bool equal_secrets(std::string_view one, std::string_view other) noexcept;

/// A text that is wiped when it goes, moves away or is assigned to. Has no way to be printed. A value; one thread at a time.
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

    operator std::string_view() const noexcept { return text_; }
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }
    /// For a parser that works in place: size() bytes and a NUL.
    [[nodiscard]] char* data() noexcept { return text_.data(); }

    template <std::convertible_to<std::string_view> Text>
    friend bool operator==(const SecretString& secret, const Text& text) noexcept {
        return std::string_view(secret) == std::string_view(text);
    }

private:
    std::string text_;
};

using Secrets = std::vector<SecretString>;

/// What somebody else says, with `***` in place of each secret that it repeats; an empty secret is none.
[[nodiscard]] std::string without_secrets(std::string_view text, std::span<const SecretString> secrets);
/// The same of a failure's message.
[[nodiscard]] Error without_secrets(const Error& error, std::span<const SecretString> secrets);

}  // namespace filestore
