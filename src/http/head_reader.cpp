#include "http/head_reader.h"

#include <algorithm>
#include <charconv>

#include "core/ascii.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore::http {

namespace {

constexpr std::size_t most_lines = 1024;
constexpr std::uint64_t most_bytes = std::uint64_t{256} * 1024;
/// A server may send some while it works; one that sends more holds the client up.
constexpr std::size_t most_informational = 64;

std::string_view trimmed(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

int status_of_line(std::string_view line) noexcept {
    const auto blank = line.find(' ');
    int status = 0;
    if (blank != std::string_view::npos) {
        std::from_chars(line.data() + blank + 1, line.data() + line.size(), status);
    }
    return status;
}

/// Of at most 18 digits: libcurl passes over a length that it cannot count to.
bool is_length(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 18 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Error refused(std::string_view what) {
    return {ErrorCode::corrupt, "the server's answer " + std::string(what)};
}

}  // namespace

std::string_view ResponseHead::header(std::string_view name) const noexcept {
    for (const Header& header : headers) {
        if (equal_ignoring_case(header.name, name)) {
            return header.value;
        }
    }
    return {};
}

Result<void> HeadReader::take(std::string_view line) {
    bytes_ += line.size();
    if (bytes_ > most_bytes) {
        return refused("has more than 256 KiB of headers");
    }
    if (++lines_ > most_lines) {
        return refused("has too many headers");
    }
    const std::string_view text = trimmed(line);
    if (text.starts_with("HTTP/")) {
        begin(text);
        if (!is_final() && ++informational_ > most_informational) {
            return refused("never comes: only informational ones do");
        }
    } else if (text.empty()) {
        complete_ = true;
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        return add(trimmed(text.substr(0, colon)), trimmed(text.substr(colon + 1)));
    }
    return {};
}

void HeadReader::begin(std::string_view line) {
    head_ = ResponseHead{status_of_line(line), {}};
    complete_ = false;
    length_.reset();
}

/// Trailers are passed over: the head has been handed on by then, and nothing in them is asked for.
Result<void> HeadReader::add(std::string_view name, std::string_view value) {
    if (complete_) {
        return {};
    }
    if (is_final() && equal_ignoring_case(name, "content-length")) {
        FILESTORE_TRY(check_length(value));
    }
    head_.headers.push_back({std::string(name), std::string(value)});
    return {};
}

/// With two lengths nobody can tell where the next answer begins (RFC 9110, section 8.6).
Result<void> HeadReader::check_length(std::string_view values) {
    while (true) {
        const auto comma = std::min(values.find(','), values.size());
        const std::string_view value = trimmed(values.substr(0, comma));
        if (!is_length(value)) {
            return refused("has a Content-Length that is none: " + quoted(value));
        }
        if (length_ && *length_ != value) {
            return refused("has two Content-Lengths: " + quoted(*length_) + " and " + quoted(value));
        }
        length_ = std::string(value);
        if (comma == values.size()) {
            return {};
        }
        values.remove_prefix(comma + 1);
    }
}

}  // namespace filestore::http
