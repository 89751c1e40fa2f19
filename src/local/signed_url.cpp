#include "local/signed_url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "core/digest.h"
#include "core/encoding.h"
#include "core/secret.h"
#include "core/text.h"
#include "core/try.h"
#include "filestore/local_backend.h"

namespace filestore {
namespace {

constexpr std::size_t least_key = 32;

std::string_view method_text(PresignMethod method) {
    constexpr std::array<std::string_view, 4> names{"GET", "PUT", "HEAD", "DELETE"};
    return names[static_cast<std::size_t>(method)];
}

std::string signature_of(std::string_view key, std::string_view method, std::string_view id,
                         std::string_view expires) {
    std::string message("filestore-url-1");
    for (const std::string_view line : {method, id, expires}) {
        message.append("\n").append(line);
    }
    return to_hex(hmac_sha256(std::as_bytes(std::span(key)), message));
}

/// What a signed URL says, whether or not it is true. A value that points into the URL.
struct Claims {
    std::string_view id;
    std::string_view method;
    std::string_view expires;
    std::string_view signature;
};

Error no_signed_url() {
    return {ErrorCode::invalid_argument,
            "this is no signed URL: it needs a file ID, then method, expires and signature, each once"};
}

std::string_view take_until(std::string_view& rest, char separator) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view taken = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return taken;
}

Result<Claims> read_claims(std::string_view query) {
    const std::string_view path = take_until(query, '?');
    Claims claims;
    claims.id = path.substr(path.rfind('/') + 1);
    while (!query.empty()) {
        std::string_view value = take_until(query, '&');
        const std::string_view name = take_until(value, '=');
        std::string_view* claim = name == "method"      ? &claims.method
                                  : name == "expires"   ? &claims.expires
                                  : name == "signature" ? &claims.signature
                                                        : nullptr;
        if (claim == nullptr || !claim->empty()) {
            return no_signed_url();
        }
        *claim = value;
    }
    if (claims.method.empty() || claims.expires.empty() || claims.signature.empty()) {
        return no_signed_url();
    }
    return claims;
}

std::optional<Timestamp> time_of(std::string_view expires) {
    // Seconds of the year 9999; more would not fit microseconds for ever.
    constexpr std::int64_t most = 253'402'300'799;
    std::int64_t seconds = 0;
    const auto [end, failure] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
    if (failure != std::errc() || end != expires.data() + expires.size() || seconds < 0 || seconds > most) {
        return std::nullopt;
    }
    return Timestamp(std::chrono::seconds(seconds));
}

}  // namespace

namespace local {

Result<void> check_url_options(std::string_view base, std::string_view key) {
    const bool is_url = (base.starts_with("http://") && base.size() > std::string_view("http://").size()) ||
                        (base.starts_with("https://") && base.size() > std::string_view("https://").size());
    if (!is_url || base.find_first_of("?#") != std::string_view::npos || !is_printable_ascii(base)) {
        return Error(ErrorCode::invalid_argument,
                     "url_base " + quoted(base) + " must be an http or https URL without query and fragment");
    }
    if (key.size() < least_key) {
        return Error(ErrorCode::invalid_argument, "url_key must have 32 bytes or more, not " +
                                                      std::to_string(key.size()) +
                                                      ": make one with 'openssl rand -hex 32'");
    }
    return {};
}

PresignedUrl sign_url(std::string_view base, std::string_view key, const PresignRequest& request,
                      Timestamp now) {
    const auto end = std::chrono::floor<std::chrono::seconds>(now + request.expires);
    const std::string expires = std::to_string(end.time_since_epoch().count());
    const std::string id = request.id.str();
    std::string url(base);
    if (!url.ends_with('/')) {
        url += '/';
    }
    url += id;
    url.append("?method=").append(method_text(request.method));
    url.append("&expires=").append(expires);
    url.append("&signature=").append(signature_of(key, method_text(request.method), id, expires));
    return {std::move(url), end, false};
}

}  // namespace local

Result<FileId> check_signed_url(std::string_view url, PresignMethod method, std::string_view key,
                                Timestamp now) {
    FILESTORE_TRY_ASSIGN(const Claims claims, read_claims(url));
    FILESTORE_TRY_ASSIGN(const FileId id, FileId::parse(claims.id));
    const auto expires = time_of(claims.expires);
    // An empty key would let anybody sign.
    if (key.size() < least_key || !expires ||
        !equal_secrets(claims.signature, signature_of(key, claims.method, claims.id, claims.expires))) {
        return Error(ErrorCode::permission_denied, "the signature of the URL is not right");
    }
    if (claims.method != method_text(method)) {
        return Error(ErrorCode::permission_denied, "the URL allows " + std::string(claims.method) + ", not " +
                                                       std::string(method_text(method)));
    }
    if (now >= *expires) {
        return Error(ErrorCode::permission_denied, "the URL has expired at " + format_timestamp(*expires));
    }
    return id;
}

}  // namespace filestore
