#include "serve/form_cutter.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace filestore::tool::serve {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view end_of_head = "\r\n\r\n";
constexpr std::string_view mark_of_end = "--";
/// Of the head of one part.
constexpr std::size_t longest_head = 8'192;

std::size_t find(std::string_view bytes, std::string_view wanted) noexcept {
    const void* const found = ::memmem(bytes.data(), bytes.size(), wanted.data(), wanted.size());
    return found == nullptr ? std::string_view::npos
                            : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
}

/// How many bytes at the end of `bytes` may begin a delimiter, whose only carriage return is its first byte.
std::size_t begun_at_end(std::string_view bytes, std::string_view delimiter) noexcept {
    const std::string_view tail = bytes.substr(bytes.size() - std::min(bytes.size(), delimiter.size() - 1));
    const std::size_t at = tail.rfind('\r');
    const bool is_begun = at != std::string_view::npos && delimiter.starts_with(tail.substr(at));
    return is_begun ? tail.size() - at : 0;
}

void hand_on(std::string_view content, FormCutter::Taker& taker) {
    if (!content.empty()) {
        taker.take_content(content);
    }
}

}  // namespace

bool FormCutter::take(std::string_view bytes, Taker& taker) {
    bool is_read = true;
    while (is_read && !bytes.empty() && place_ != Place::behind) {
        switch (place_) {
            case Place::before:
                is_read = take_beginning(bytes, taker);
                break;
            case Place::line_end:
                is_read = take_line_end(bytes, taker);
                break;
            case Place::head:
                is_read = take_head(bytes, taker);
                break;
            case Place::content:
                take_content(bytes, taker);
                break;
            case Place::behind:
                break;
        }
    }
    return is_read;
}

/// Line ends may stand before the first delimiter, which has none of its own.
bool FormCutter::take_beginning(std::string_view& bytes, Taker& taker) {
    const std::string_view first = std::string_view(delimiter_).substr(2);
    while (matched_ == 0 && !bytes.empty() && (bytes.front() == '\r' || bytes.front() == '\n')) {
        bytes.remove_prefix(1);
    }
    const std::size_t count = std::min(bytes.size(), first.size() - matched_);
    if (bytes.substr(0, count) != first.substr(matched_, count)) {
        return false;
    }
    bytes.remove_prefix(count);
    matched_ += count;
    if (matched_ < first.size()) {
        return true;
    }
    matched_ = 0;
    place_ = Place::line_end;
    return taker.take_structure(first);
}

/// What is left of a delimiter's line, or the mark of the form's end. Where neither stands there it was no delimiter, but content.
bool FormCutter::take_line_end(std::string_view& bytes, Taker& taker) {
    const char next = bytes.front();
    if (!may_follow_delimiter(next)) {
        if (has_parts_) {
            taker.take_content(delimiter_ + std::exchange(head_, {}));
            place_ = Place::content;
        }
        return has_parts_;
    }
    head_ += next;
    bytes.remove_prefix(1);
    if (head_ == mark_of_end) {
        place_ = Place::behind;
        return taker.take_structure(mark_of_end);
    }
    if (next == '\n') {
        head_ = line_end;
        place_ = Place::head;
    }
    return head_.size() <= longest_head;
}

/// Blanks may (RFC 2046, 5.1.1), but the original system took none behind the first one.
bool FormCutter::may_follow_delimiter(char next) const noexcept {
    if (head_.ends_with('\r')) {
        return next == '\n';
    }
    if (head_ == "-") {
        return next == '-';
    }
    const bool is_blank = next == ' ' || next == '\t';
    return next == '\r' || (next == '-' && head_.empty()) || (is_blank && has_parts_);
}

bool FormCutter::take_head(std::string_view& bytes, Taker& taker) {
    const std::size_t line = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
    head_ += bytes.substr(0, line);
    bytes.remove_prefix(line);
    if (!head_.ends_with(end_of_head)) {
        return head_.size() <= longest_head;
    }
    const std::string head = std::exchange(head_, {});
    has_parts_ = true;
    place_ = Place::content;
    return taker.begin_part(std::string_view(head).substr(line_end.size(), head.size() - end_of_head.size()),
                            delimiter_);
}

void FormCutter::take_content(std::string_view& bytes, Taker& taker) {
    if (matched_ > 0 && continues_delimiter(bytes, taker)) {
        return;
    }
    const std::size_t at = find(bytes, delimiter_);
    if (at != std::string_view::npos) {
        hand_on(bytes.substr(0, at), taker);
        bytes.remove_prefix(at + delimiter_.size());
        place_ = Place::line_end;
        return;
    }
    matched_ = begun_at_end(bytes, delimiter_);
    hand_on(bytes.substr(0, bytes.size() - matched_), taker);
    bytes = {};
}

/// False where what looked like a delimiter at the end of the bytes before is content.
bool FormCutter::continues_delimiter(std::string_view& bytes, Taker& taker) {
    const std::string_view expected = std::string_view(delimiter_).substr(matched_);
    const std::size_t count = std::min(bytes.size(), expected.size());
    if (bytes.substr(0, count) != expected.substr(0, count)) {
        taker.take_content(std::string_view(delimiter_).substr(0, matched_));
        matched_ = 0;
        return false;
    }
    bytes.remove_prefix(count);
    matched_ += count;
    if (matched_ == delimiter_.size()) {
        matched_ = 0;
        place_ = Place::line_end;
    }
    return true;
}

}  // namespace filestore::tool::serve
