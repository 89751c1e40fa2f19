#include "serve/framing.h"

#include <algorithm>
#include <cstdint>

#include "core/ascii.h"
#include "serve/decimal.h"

namespace filestore::tool::serve {

namespace {

/// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
    constexpr std::string_view characters =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&'*+-.^_`|~";
    return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
    });
}

std::size_t count_of(const Request& request, std::string_view name) {
    return static_cast<std::size_t>(
        std::count_if(request.headers.begin(), request.headers.end(),
                      [&](const Header& header) { return equal_ignoring_case(header.name, name); }));
}

}  // namespace

std::optional<std::string_view> framing_fault(const Request& request, const ToldHead& head) {
    if (!is_told_whole(head)) {
        return "the head has a folded line, a zero byte, or a line that does not end in a carriage return "
               "and a line feed";
    }
    for (const Header& header : request.headers) {
        if (!is_token(header.name)) {
            return "the name of a header field has a character that none may have, such as a space";
        }
        if (has_control(header.value)) {
            return "a header field has a control character";
        }
    }
    if (head.target.find(' ') != std::string_view::npos) {
        return "the target of the request has a space";
    }
    if (count_of(request, "Host") == 0 && head.version != "HTTP/1.0") {
        return "there is no header field Host";
    }
    if (count_of(request, "Host") > 1) {
        return "there is more than one header field Host";
    }
    if (count_of(request, "Content-Length") > 1) {
        return "there is more than one header field Content-Length";
    }
    const std::string* encoding = request.header("Transfer-Encoding");
    if (encoding == nullptr) {
        return std::nullopt;
    }
    if (count_of(request, "Content-Length") > 0) {
        return "there is a Transfer-Encoding beside a Content-Length";
    }
    if (head.version != "HTTP/1.1") {
        return "there is a Transfer-Encoding, which this version of HTTP does not have";
    }
    if (count_of(request, "Transfer-Encoding") > 1 || !equal_ignoring_case(*encoding, "chunked")) {
        return "the Transfer-Encoding is not just chunked";
    }
    return std::nullopt;
}

UnusableHead unusable_head(const std::string* length) {
    if (length == nullptr) {
        return {431, "the head of the request has too much in it"};
    }
    const auto number = decimal(*length);
    if (!number) {
        return {400, "the Content-Length is no number"};
    }
    return *number == UINT64_MAX ? UnusableHead{413, "the Content-Length is larger than any file can be"}
                                 : unusable_head(nullptr);
}

}  // namespace filestore::tool::serve
