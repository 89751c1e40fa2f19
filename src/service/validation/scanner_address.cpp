#include "service/validation/scanner_address.h"

#include <sys/un.h>

#include <charconv>

#include "core/text.h"
#include "core/try.h"

namespace filestore::validation {

namespace {

constexpr std::string_view unix_scheme = "unix:";
constexpr std::string_view tcp_scheme = "tcp:";

Error wrong(std::string_view text) {
    return {ErrorCode::invalid_argument,
            "the scanner " + quoted(text) + " must be unix:/path/of/a/socket or tcp:host:port"};
}

bool is_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
    return failure == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65'535;
}

}  // namespace

Result<ScannerAddress> parse_scanner_address(std::string_view text) {
    const bool has_nul = text.find('\0') != std::string_view::npos;
    if (text.starts_with(unix_scheme) && !has_nul) {
        const std::string_view path = text.substr(unix_scheme.size());
        const bool fits = path.size() < sizeof(sockaddr_un::sun_path);
        return path.starts_with('/') && fits
                   ? Result<ScannerAddress>(ScannerAddress{std::string(path), {}, {}})
                   : wrong(text);
    }
    if (!text.starts_with(tcp_scheme) || has_nul) {
        return wrong(text);
    }
    const std::string_view rest = text.substr(tcp_scheme.size());
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || !is_port(rest.substr(colon + 1))) {
        return wrong(text);
    }
    std::string_view host = rest.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    return ScannerAddress{{}, std::string(host), std::string(rest.substr(colon + 1))};
}

}  // namespace filestore::validation
