#include "service/validation/media_type.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace filestore::validation {

namespace {

using Pair = std::pair<std::string_view, std::string_view>;

/// Other names of a type, those that libmagic and browsers use among them, and the one that we go by.
constexpr auto registered_names = std::to_array<Pair>({
    {"application/cdfv2", "application/x-ole-storage"},
    {"application/csv", "text/csv"},
    {"application/ecmascript", "text/javascript"},
    {"application/javascript", "text/javascript"},
    {"application/octet-stream", ""},
    {"application/rtf", "text/rtf"},
    {"application/x-bzip", "application/x-bzip2"},
    {"application/x-dosexec", "application/vnd.microsoft.portable-executable"},
    {"application/x-empty", ""},
    {"application/x-gzip", "application/gzip"},
    {"application/x-javascript", "text/javascript"},
    {"application/x-msdos-program", "application/vnd.microsoft.portable-executable"},
    {"application/x-msdownload", "application/vnd.microsoft.portable-executable"},
    {"application/x-ndjson", "application/json"},
    {"application/x-pdf", "application/pdf"},
    {"application/x-pie-executable", "application/x-executable"},
    {"application/x-rar", "application/vnd.rar"},
    {"application/x-rar-compressed", "application/vnd.rar"},
    {"application/x-sh", "text/x-shellscript"},
    {"application/x-sharedlib", "application/x-executable"},
    {"application/x-yaml", "application/yaml"},
    {"application/x-zip", "application/zip"},
    {"application/x-zip-compressed", "application/zip"},
    {"audio/mp3", "audio/mpeg"},
    {"audio/vnd.wave", "audio/wav"},
    {"audio/wave", "audio/wav"},
    {"audio/x-flac", "audio/flac"},
    {"audio/x-m4a", "audio/mp4"},
    {"audio/x-mp3", "audio/mpeg"},
    {"audio/x-wav", "audio/wav"},
    {"binary/octet-stream", ""},
    {"font/sfnt", "font/ttf"},
    {"image/jpg", "image/jpeg"},
    {"image/pjpeg", "image/jpeg"},
    {"image/svg", "image/svg+xml"},
    {"image/vnd.microsoft.icon", "image/x-icon"},
    {"image/x-bmp", "image/bmp"},
    {"image/x-ms-bmp", "image/bmp"},
    {"image/x-png", "image/png"},
    // libmagic takes many other files for one: the format has nothing to be known by.
    {"image/x-tga", ""},
    {"inode/x-empty", ""},
    {"text/json", "application/json"},
    {"text/x-csv", "text/csv"},
    {"text/x-markdown", "text/markdown"},
    {"text/x-script.python", "text/x-python"},
    {"text/x-yaml", "application/yaml"},
    {"text/xml", "application/xml"},
    {"text/yaml", "application/yaml"},
    {"video/avi", "video/x-msvideo"},
    {"video/msvideo", "video/x-msvideo"},
    {"video/x-m4v", "video/mp4"},
});

constexpr auto types_of_extensions = std::to_array<Pair>({
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apk", "application/vnd.android.package-archive"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"c", "text/x-c"},
    {"cpp", "text/x-c++"},
    {"css", "text/css"},
    {"csv", "text/csv"},
    {"dll", "application/vnd.microsoft.portable-executable"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"epub", "application/epub+zip"},
    {"exe", "application/vnd.microsoft.portable-executable"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"h", "text/x-c"},
    {"heic", "image/heic"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ico", "image/x-icon"},
    {"jar", "application/java-archive"},
    {"java", "text/x-java"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"jsonl", "application/json"},
    {"log", "text/plain"},
    {"m4a", "audio/mp4"},
    {"m4v", "video/mp4"},
    {"md", "text/markdown"},
    {"mjs", "text/javascript"},
    {"mkv", "video/x-matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpeg", "video/mpeg"},
    {"mpg", "video/mpeg"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/opus"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"ps", "application/postscript"},
    {"py", "text/x-python"},
    {"rar", "application/vnd.rar"},
    {"rs", "text/x-rust"},
    {"rtf", "text/rtf"},
    {"sh", "text/x-shellscript"},
    {"sql", "application/sql"},
    {"sqlite", "application/vnd.sqlite3"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tgz", "application/gzip"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"toml", "application/toml"},
    {"ts", "text/x-typescript"},
    {"tsv", "text/tab-separated-values"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
});

/// A type of which only the outside shows in the first bytes, and those that may be inside. Each ends with a star, begins with one, or is exact.
constexpr auto containers = std::to_array<Pair>({
    {"application/gzip", "application/x-tar"},
    {"application/gzip", "application/x-compressed-tar"},
    {"application/gzip", "image/svg+xml"},
    {"application/json", "*+json"},
    {"application/ogg", "audio/ogg"},
    {"application/ogg", "audio/opus"},
    {"application/ogg", "video/ogg"},
    {"application/x-ole-storage", "application/msword"},
    {"application/x-ole-storage", "application/vnd.ms-*"},
    {"application/x-ole-storage", "application/vnd.visio"},
    {"application/xml", "*+xml"},
    {"application/zip", "*+zip"},
    {"application/zip", "application/java-archive"},
    {"application/zip", "application/vnd.android.package-archive"},
    {"application/zip", "application/vnd.google-earth.kmz"},
    {"application/zip", "application/vnd.ms-*"},
    {"application/zip", "application/vnd.oasis.opendocument.*"},
    {"application/zip", "application/vnd.openxmlformats-officedocument.*"},
    {"audio/mp4", "video/mp4"},
    {"audio/ogg", "audio/opus"},
    {"audio/ogg", "video/ogg"},
    {"font/ttf", "font/otf"},
    {"image/heif", "image/heic"},
    {"image/tiff", "image/x-*"},
    {"video/mp4", "audio/mp4"},
    {"video/mp4", "video/quicktime"},
    {"video/ogg", "audio/ogg"},
    {"video/quicktime", "video/mp4"},
    {"video/webm", "audio/webm"},
    {"video/webm", "video/x-matroska"},
    {"video/x-matroska", "audio/webm"},
    {"video/x-matroska", "video/webm"},
});

constexpr std::string_view html = "text/html";
constexpr std::string_view xhtml = "application/xhtml+xml";

/// Types that are text without having text/ in front of them.
constexpr auto textual_types = std::to_array<std::string_view>({
    "application/json",
    "application/postscript",
    "application/sql",
    "application/toml",
    "application/xml",
    "application/yaml",
    "message/rfc822",
});

std::string in_small_letters(std::string_view text) {
    std::string small(text);
    for (char& letter : small) {
        letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    }
    return small;
}

std::string_view without(std::string_view text, std::string_view around) noexcept {
    const std::size_t begin = text.find_first_not_of(around);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(around) - begin + 1);
}

/// The second of the pair that begins with `key`; nothing where there is none.
const Pair* find(std::span<const Pair> pairs, std::string_view key) noexcept {
    const auto found =
        std::find_if(pairs.begin(), pairs.end(), [key](const Pair& pair) { return pair.first == key; });
    return found == pairs.end() ? nullptr : &*found;
}

bool fits(std::string_view type, std::string_view pattern) noexcept {
    if (pattern.starts_with('*')) {
        return type.ends_with(pattern.substr(1));
    }
    if (pattern.ends_with('*')) {
        return type.starts_with(pattern.substr(0, pattern.size() - 1));
    }
    return type == pattern;
}

bool is_textual(std::string_view type) noexcept {
    const bool is_listed = std::find(textual_types.begin(), textual_types.end(), type) != textual_types.end();
    return is_listed || type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml");
}

}  // namespace

std::string media_type_of(std::string_view written) {
    const std::string type = in_small_letters(without(written.substr(0, written.find(';')), " \t"));
    const std::size_t slash = type.find('/');
    const bool has_two_parts = slash != std::string::npos && slash > 0 && slash + 1 < type.size();
    if (!has_two_parts || type.find_first_of(" \t,", 0) != std::string::npos) {
        return {};
    }
    const Pair* other_name = find(registered_names, type);
    return other_name == nullptr ? type : std::string(other_name->second);
}

std::string extension_of(std::string_view name) {
    const std::size_t slash = name.find_last_of("/\\");
    const std::string_view last = slash == std::string_view::npos ? name : name.substr(slash + 1);
    const std::string_view shown = last.substr(0, last.find_last_not_of(". ") + 1);
    const std::size_t dot = shown.rfind('.');
    return dot == std::string_view::npos ? std::string() : in_small_letters(shown.substr(dot + 1));
}

std::string extension_on_disk(std::string_view name) {
    const std::string_view bare = name.substr(0, name.find_last_not_of("/\\. ") + 1);
    const std::size_t last = bare.find_last_of("/\\") + 1;
    return extension_of(bare.substr(0, bare.find(':', last)));
}

std::string_view media_type_of_extension(std::string_view extension) noexcept {
    const Pair* known = find(types_of_extensions, extension);
    return known == nullptr ? std::string_view() : known->second;
}

bool is_media_type(std::string_view type, std::string_view pattern) noexcept {
    return pattern == "*/*" || fits(type, pattern);
}

bool agrees(std::string_view found, std::string_view claimed) noexcept {
    if (found.empty() || claimed.empty() || found == claimed) {
        return true;
    }
    if (found == html) {
        return claimed == xhtml;
    }
    const bool may_be_inside = std::any_of(containers.begin(), containers.end(), [&](const Pair& container) {
        return container.first == found && fits(claimed, container.second);
    });
    const bool is_image_of_text = found.starts_with("image/");
    return may_be_inside || (is_textual(found) && !is_image_of_text && is_textual(claimed)) ||
           (is_image_of_text && found.ends_with("+xml") && claimed == "application/xml");
}

}  // namespace filestore::validation
