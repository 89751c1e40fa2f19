#include "serve/guards.h"

#include <algorithm>

#include "core/text.h"

namespace filestore::tool::serve {

namespace {

bool changes_state(const Request& request) {
    return request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS";
}

}  // namespace

bool Guard::is_listed(std::string_view host) const {
    return std::any_of(hosts_.begin(), hosts_.end(),
                       [host](const std::string& listed) { return equal_ignoring_case(listed, host); });
}

bool Guard::is_own_origin(std::string_view origin) const {
    return origin.starts_with(origin_prefix_) && is_listed(origin.substr(origin_prefix_.size()));
}

std::optional<std::string> Guard::refusal(const Request& request) const {
    const std::string* host = request.header("Host");
    if (host == nullptr || !is_listed(*host)) {
        return "this service is not called " + filestore::quoted(host == nullptr ? "" : *host) +
               ": use its own address, or start it with --allow-host";
    }
    if (!changes_state(request)) {
        return std::nullopt;
    }
    if (const std::string* origin = request.header("Origin"); origin != nullptr && !is_own_origin(*origin)) {
        return "pages of " + filestore::quoted(*origin) + " may not change anything here";
    }
    const std::string* site = request.header("Sec-Fetch-Site");
    if (site != nullptr && *site != "same-origin" && *site != "none") {
        return "pages of other sites may not change anything here";
    }
    return std::nullopt;
}

Result<void> check_host_name(std::string_view text) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
    if (!text.empty() && text.find_first_not_of(allowed) == std::string_view::npos) {
        return {};
    }
    return Error(ErrorCode::configuration, filestore::quoted(text) +
                                               " is no host: write a name or an address, and the port where "
                                               "it is not the usual one, such as files.example:8443");
}

std::vector<Header> security_headers() {
    return {{"X-Content-Type-Options", "nosniff"},
            {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"},
            {"Cross-Origin-Resource-Policy", "same-origin"},
            {"Referrer-Policy", "no-referrer"}};
}

}  // namespace filestore::tool::serve
