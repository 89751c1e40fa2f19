#include "serve/conditions.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "core/encoding.h"
#include "core/http_date.h"
#include "serve/decimal.h"
#include "serve/header_value.h"

namespace filestore::tool::serve {

namespace {

/// Our tags hold no comma, so a list can be split at each.
bool names(std::string_view list, std::string_view tag, bool also_weakly) {
    if (trimmed(list) == "*") {
        return true;
    }
    while (!list.empty() && !tag.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view one = trimmed(list.substr(0, comma));
        if (also_weakly && one.substr(0, 2) == "W/") {
            one.remove_prefix(2);
        }
        if (one == tag) {
            return true;
        }
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

/// `first-last`, `first-` or `-count`; nothing for anything else. A length of 0 is one that lies outside.
std::optional<ByteRange> parse_range(std::string_view text, std::uint64_t size) {
    constexpr std::string_view unit = "bytes=";
    const std::size_t dash = text.find('-');
    if (!equal_ignoring_case(text.substr(0, unit.size()), unit) || dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto first = decimal(text.substr(unit.size(), dash - unit.size()));
    const auto last = decimal(text.substr(dash + 1));
    const bool is_open = dash + 1 == text.size();
    if (!first && last && dash == unit.size()) {
        const std::uint64_t count = std::min(*last, size);
        return ByteRange{size - count, count};
    }
    if (!first || (!last && !is_open) || (last && *last < *first)) {
        return std::nullopt;
    }
    const std::uint64_t begin = std::min(*first, size);
    const std::uint64_t rest = size - begin;
    return ByteRange{begin, last ? std::min(rest, std::min(*last - *first, size) + 1) : rest};
}

/// The range of another file that was there before is of no use to the client.
bool range_is_wanted(const Request& request, std::string_view tag) {
    const std::string* of_tag = request.header("If-Range");
    return of_tag == nullptr || (!tag.empty() && *of_tag == tag);
}

/// Whether the file is newer than a header says; nothing where there is no such header, or no date in it.
std::optional<bool> is_newer_than(const Request& request, std::string_view header, Timestamp last_modified) {
    const std::string* text = request.header(header);
    if (text == nullptr || last_modified == Timestamp()) {
        return std::nullopt;
    }
    const auto time = parse_http_date(*text);
    return time.ok() ? std::optional(std::chrono::floor<std::chrono::seconds>(last_modified) > *time)
                     : std::nullopt;
}

/// A tag says more than a time, so the time does not count beside it; here and below.
bool is_wanted_version(const Request& request, std::string_view tag, Timestamp last_modified) {
    if (const auto wanted = request.list("If-Match")) {
        return names(*wanted, tag, false);
    }
    return !is_newer_than(request, "If-Unmodified-Since", last_modified).value_or(false);
}

bool is_known_version(const Request& request, std::string_view tag, Timestamp last_modified) {
    if (const auto known = request.list("If-None-Match")) {
        return names(*known, tag, true);
    }
    return !is_newer_than(request, "If-Modified-Since", last_modified).value_or(true);
}

}  // namespace

std::string entity_tag(const FileInfo& info) {
    return info.version.empty() ? std::string() : '"' + percent_encode(info.version) + '"';
}

bool depends_on_file(const Request& request) {
    constexpr auto names = std::to_array<std::string_view>(
        {"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"});
    return request.method == "HEAD" || std::any_of(names.begin(), names.end(), [&](std::string_view name) {
               return request.header(name) != nullptr;
           });
}

Selection select(const Request& request, const FileInfo& info) {
    const std::string tag = entity_tag(info);
    if (!is_wanted_version(request, tag, info.last_modified)) {
        return {412};
    }
    if (is_known_version(request, tag, info.last_modified)) {
        return {304};
    }
    const std::string* text = request.header("Range");
    // RFC 9110 defines ranges for GET only.
    if (text == nullptr || request.method != "GET" || !range_is_wanted(request, tag)) {
        return {};
    }
    const auto range = parse_range(*text, info.size);
    if (!range) {
        return {};
    }
    return *range->length == 0 ? Selection{416} : Selection{206, range->offset, *range->length};
}

}  // namespace filestore::tool::serve
