#include "s3/protocol/etag.h"

namespace filestore::s3 {
namespace {

bool is_quoted(std::string_view etag) {
    return etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
}

}  // namespace

std::string_view unquoted_etag(std::string_view etag) noexcept {
    return is_quoted(etag) ? etag.substr(1, etag.size() - 2) : etag;
}

std::string quoted_etag(std::string_view etag) {
    if (etag == "*" || is_quoted(etag) || is_weak_etag(etag)) {
        return std::string(etag);
    }
    return '"' + std::string(etag) + '"';
}

bool is_weak_etag(std::string_view etag) noexcept {
    return etag.starts_with("W/\"");
}

}  // namespace filestore::s3
