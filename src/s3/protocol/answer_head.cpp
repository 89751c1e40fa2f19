#include "s3/protocol/answer_head.h"

#include <algorithm>
#include <charconv>

#include "core/http_date.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/protocol/etag.h"

namespace filestore::s3 {

namespace {

constexpr int partial_content = 206;
/// What servers count bytes in.
constexpr std::uint64_t largest_position = INT64_MAX;

/// In lower case.
bool says_one_thing(std::string_view name) {
    return name == "etag" || name == "content-range" || name == "last-modified" ||
           name == "x-amz-version-id" || name.starts_with("x-amz-checksum-");
}

std::optional<std::string_view> find(const std::vector<NameValue>& headers, std::string_view name) {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const NameValue& header) { return header.name == name; });
    return found == headers.end() ? std::nullopt : std::optional<std::string_view>(found->value);
}

/// Takes a number off the front of the text.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

/// `bytes 0-99/1234`.
std::optional<BodyExtent> parse_content_range(std::string_view text) {
    if (!take(text, "bytes ")) {
        return std::nullopt;
    }
    const auto first = take_number(text);
    const bool dash = take(text, "-");
    const auto last = take_number(text);
    const bool slash = take(text, "/");
    const auto size = take_number(text);
    if (!first || !dash || !last || !slash || !size || !text.empty() || *last < *first || *last >= *size) {
        return std::nullopt;
    }
    return BodyExtent{*first, *last - *first + 1, *size};
}

}  // namespace

Result<void> check_headers(const std::vector<NameValue>& headers) {
    for (const NameValue& header : headers) {
        if (says_one_thing(header.name) && header.value != *find(headers, header.name)) {
            return Error(ErrorCode::corrupt,
                         "the server's answer has two different headers " + quoted(header.name) + ": " +
                             quoted(*find(headers, header.name)) + " and " + quoted(header.value));
        }
    }
    return {};
}

Result<std::uint64_t> content_length(const std::vector<NameValue>& headers) {
    std::string_view text = find(headers, "content-length").value_or("");
    const auto length = take_number(text);
    if (!length || !text.empty()) {
        return Error(ErrorCode::corrupt, "the server's answer has no valid Content-Length");
    }
    return *length;
}

Result<BodyExtent> body_extent(const std::optional<ByteRange>& asked, int status,
                               const std::vector<NameValue>& headers) {
    if (!asked) {
        if (status == partial_content) {
            return Error(ErrorCode::corrupt,
                         "the server answered with a part of the file where all of it was asked for");
        }
        FILESTORE_TRY_ASSIGN(const std::uint64_t length, content_length(headers));
        return BodyExtent{0, length, length};
    }
    if (status != partial_content) {
        return Error(ErrorCode::unsupported, "the server ignores ranges: download the whole file");
    }
    const std::string_view text = find(headers, "content-range").value_or("");
    const auto extent = parse_content_range(text);
    if (!extent || extent->offset != asked->offset) {
        return Error(ErrorCode::corrupt, "the server answered with Content-Range " + quoted(text) +
                                             " where byte " + std::to_string(asked->offset) +
                                             " on was asked for");
    }
    const std::uint64_t rest = extent->object_size - extent->offset;
    if (extent->length != std::min(rest, asked->length.value_or(rest))) {
        return Error(ErrorCode::corrupt,
                     "the server answered with another part of the file than was asked for");
    }
    return *extent;
}

Result<void> check_in_reach(const std::optional<ByteRange>& range) {
    return range && range->offset >= largest_position
               ? Error(ErrorCode::range_not_satisfiable,
                       "the range starts at byte " + std::to_string(range->offset) + ": no file is so large")
               : Result<void>();
}

std::string range_header(const ByteRange& range) {
    std::string text = "bytes=" + std::to_string(range.offset) + "-";
    // An end past what servers count in is left out: it means the end of the file.
    if (range.length && range.offset <= largest_position &&
        *range.length <= largest_position - range.offset) {
        text += std::to_string(range.offset + *range.length - 1);
    }
    return text;
}

Result<ObjectMetadata> object_metadata(std::uint64_t size, const std::vector<NameValue>& headers) {
    FILESTORE_TRY_ASSIGN(ObjectMetadata object, from_headers(headers));
    if (object.size && *object.size != size) {
        return Error(ErrorCode::corrupt, "the object has " + std::to_string(size) +
                                             " bytes where its uploader sent " +
                                             std::to_string(*object.size));
    }
    return object;
}

Result<FileInfo> file_info(const FileId& id, std::uint64_t size, const std::vector<NameValue>& headers) {
    FileInfo info;
    info.id = id;
    info.size = size;
    FILESTORE_TRY_ASSIGN(info.last_modified, parse_http_date(find(headers, "last-modified").value_or("")));
    if (const auto type = find(headers, "content-type"); type && !type->empty()) {
        info.content_type = *type;
    }
    FILESTORE_TRY_ASSIGN(ObjectMetadata object, object_metadata(size, headers));
    info.original_path = std::move(object.original_path);
    info.metadata = std::move(object.metadata);
    info.version = unquoted_etag(find(headers, "etag").value_or(""));
    return info;
}

}  // namespace filestore::s3
