#include "s3/protocol/endpoint.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/ascii.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/protocol/aws_host.h"

namespace filestore::s3 {
namespace {

constexpr bool is_lower(char c) noexcept {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) noexcept {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_alphanumeric(char c) noexcept {
    return is_lower(c) || is_upper(c) || is_digit(c);
}
constexpr bool is_hex_digit(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

constexpr char upper(char c) noexcept {
    return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
}

Error invalid_endpoint(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

Result<void> check_bucket_name(std::string_view bucket) {
    if (bucket.empty()) {
        return invalid_endpoint("the S3 bucket is not set: set bucket_name");
    }
    const bool allowed = std::all_of(bucket.begin(), bucket.end(), [](char c) {
        return is_alphanumeric(c) || c == '.' || c == '-' || c == '_';
    });
    if (!allowed || bucket.size() < 3 || bucket.size() > 63 || !is_alphanumeric(bucket.front()) ||
        !is_alphanumeric(bucket.back()) || bucket.find("..") != std::string_view::npos) {
        return invalid_endpoint(
            "the S3 bucket " + quoted(bucket) +
            " is not a bucket name: use 3 to 63 letters, digits, '.' and '-', with a letter or digit "
            "at both ends");
    }
    return {};
}

/// Names from before DNS rules held for buckets can be no part of a host name.
bool is_host_label_sequence(std::string_view bucket) {
    return std::none_of(bucket.begin(), bucket.end(), [](char c) { return is_upper(c) || c == '_'; });
}

Result<void> check_region_name(std::string_view region) {
    const bool allowed = std::all_of(region.begin(), region.end(), [](char c) {
        return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
    });
    if (region.empty() || !allowed) {
        return invalid_endpoint("the S3 region " + quoted(region) +
                                " is not a region name: use one like 'us-east-1'");
    }
    return {};
}

/// The parts of an endpoint's URL.
struct EndpointUrl {
    std::string scheme;
    /// In lower case; IPv6 in brackets.
    std::string host;
    /// Empty for the scheme's own.
    std::string port;
    /// Encoded; no slash at its end.
    std::string path;
};

Result<std::string> parse_scheme(std::string_view scheme) {
    std::string lowered = to_lower(scheme);
    if (lowered != "http" && lowered != "https") {
        return invalid_endpoint("the S3 endpoint must begin with http:// or https://");
    }
    return lowered;
}

Result<std::string> parse_host(std::string_view host) {
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    const std::string_view inner = bracketed ? host.substr(1, host.size() - 2) : host;
    const bool allowed = std::all_of(inner.begin(), inner.end(), [bracketed](char c) {
        return bracketed ? is_hex_digit(c) || c == ':' || c == '.'
                         : is_alphanumeric(c) || c == '-' || c == '.' || c == '_';
    });
    if (inner.empty() || !allowed || (bracketed && inner.find(':') == std::string_view::npos)) {
        return invalid_endpoint("the S3 endpoint's host " + quoted(host) + " is not a host name or address");
    }
    return to_lower(host);
}

/// Empty for the scheme's own port.
Result<std::string> parse_port(std::string_view port, std::string_view scheme) {
    std::uint16_t number = 0;
    const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (failure != std::errc() || end != port.data() + port.size() || number == 0) {
        return invalid_endpoint("the S3 endpoint's port " + quoted(port) +
                                " is not a number from 1 to 65535");
    }
    const bool is_default = number == (scheme == "https" ? 443 : 80);
    return is_default ? std::string() : std::to_string(number);
}

/// Encodes as signing demands; what is a percent escape already stays one.
Result<std::string> parse_path(std::string_view path) {
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    std::string encoded;
    for (std::size_t at = 0; at < path.size(); ++at) {
        if (path[at] != '%') {
            encoded += uri_encode(path.substr(at, 1), Slash::keep);
            continue;
        }
        if (at + 2 >= path.size() || !is_hex_digit(path[at + 1]) || !is_hex_digit(path[at + 2])) {
            return invalid_endpoint("the S3 endpoint's path " + quoted(path) +
                                    " has a '%' without two hexadecimal digits: write %25");
        }
        encoded += {'%', upper(path[at + 1]), upper(path[at + 2])};
        at += 2;
    }
    return encoded;
}

Result<EndpointUrl> parse_endpoint(std::string_view text) {
    // These messages never quote the endpoint: what is refused here may hold a password.
    const bool has_controls = std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '\\';
    });
    if (has_controls) {
        return invalid_endpoint("the S3 endpoint holds a blank, a control character or a backslash");
    }
    if (text.find_first_of("?#") != std::string_view::npos) {
        return invalid_endpoint(
            "the S3 endpoint has a query or a fragment: give scheme, host, port and path only");
    }
    const std::size_t scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) {
        return invalid_endpoint("the S3 endpoint must begin with http:// or https://");
    }
    EndpointUrl url;
    FILESTORE_TRY_ASSIGN(url.scheme, parse_scheme(text.substr(0, scheme_end)));

    const std::string_view rest = text.substr(scheme_end + 3);
    const std::size_t authority_size = std::min(rest.find('/'), rest.size());
    const std::string_view authority = rest.substr(0, authority_size);
    if (authority.find('@') != std::string_view::npos) {
        return invalid_endpoint("the S3 endpoint holds user information: give the keys as options");
    }
    // In an IPv6 address the colons before the closing bracket separate no port.
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    FILESTORE_TRY_ASSIGN(url.host, parse_host(authority.substr(0, colon)));
    if (colon != std::string_view::npos) {
        FILESTORE_TRY_ASSIGN(url.port, parse_port(authority.substr(colon + 1), url.scheme));
    }
    FILESTORE_TRY_ASSIGN(url.path, parse_path(rest.substr(authority_size)));
    return url;
}

bool is_ip_address(std::string_view host) {
    return host.front() == '[' ||
           std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
}

bool wants_virtual_host(const S3ClientOptions& options, std::string_view bucket) {
    if (options.addressing != S3Addressing::automatic) {
        return options.addressing == S3Addressing::virtual_host;
    }
    // AWS's certificates cover one label before the host: a bucket with dots has no valid TLS name.
    return options.endpoint.empty() && is_host_label_sequence(bucket) &&
           bucket.find('.') == std::string::npos;
}

Result<void> check_virtual_host(std::string_view bucket, std::string_view host) {
    if (!is_host_label_sequence(bucket)) {
        return invalid_endpoint(
            "the S3 bucket " + quoted(bucket) +
            " cannot be part of a host name: use path addressing, or lower case and no '_'");
    }
    if (is_ip_address(host)) {
        return invalid_endpoint(
            "virtual-host addressing needs a host name, and the S3 endpoint is the address " + quoted(host) +
            ": use path addressing");
    }
    return {};
}

/// The endpoint, or AWS of the region; of a region that was learned, where there is one.
Result<EndpointUrl> service_url(const S3ClientOptions& options, std::string_view learned_region = {}) {
    const std::string_view region = learned_region.empty() ? options.region : learned_region;
    FILESTORE_TRY(check_region_name(region));
    if (options.endpoint.empty()) {
        return EndpointUrl{"https", aws_host(region, options.dual_stack), {}, {}};
    }
    if (options.dual_stack) {
        return invalid_endpoint(
            "dual_stack chooses among AWS's hosts, and an endpoint is given: leave one of them out");
    }
    FILESTORE_TRY_ASSIGN(EndpointUrl url, parse_endpoint(options.endpoint));
    if (!learned_region.empty()) {
        url.host = aws_host_in_region(url.host, learned_region);
    }
    return url;
}

}  // namespace

std::string endpoint_host(const S3ClientOptions& options) {
    if (options.endpoint.empty()) {
        return {};
    }
    const auto url = parse_endpoint(options.endpoint);
    return url.ok() ? url->host : std::string();
}

bool is_over_tls(const S3ClientOptions& options) noexcept {
    const std::string_view endpoint = options.endpoint;
    return endpoint.empty() || equal_ignoring_case(endpoint.substr(0, endpoint.find("://")), "https");
}

Result<void> check_endpoint(const S3ClientOptions& options) {
    FILESTORE_TRY(service_url(options));
    return {};
}

Result<Endpoint> resolve_endpoint(const S3ClientOptions& options, std::string_view bucket,
                                  std::string_view learned_region) {
    FILESTORE_TRY(check_bucket_name(bucket));
    FILESTORE_TRY_ASSIGN(EndpointUrl url, service_url(options, learned_region));

    Endpoint endpoint{std::move(url.scheme), std::move(url.host), std::move(url.path)};
    if (wants_virtual_host(options, bucket)) {
        FILESTORE_TRY(check_virtual_host(bucket, endpoint.host));
        endpoint.host.insert(0, std::string(bucket) + '.');
    } else {
        endpoint.path.append(1, '/').append(bucket);
    }
    if (!url.port.empty()) {
        endpoint.host += ':' + url.port;
    }
    return endpoint;
}

Target object_target(const Endpoint& endpoint, std::string_view key, const std::vector<NameValue>& query) {
    Target target;
    target.path = endpoint.path;
    if (!key.empty() || target.path.empty()) {
        target.path += '/';
    }
    target.path += uri_encode(key, Slash::keep);

    target.url = endpoint.scheme + "://" + endpoint.host + target.path;
    if (!query.empty()) {
        target.url.append(1, '?').append(canonical_query(query));
    }
    return target;
}

}  // namespace filestore::s3
