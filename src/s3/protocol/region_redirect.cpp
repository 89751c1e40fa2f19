#include "s3/protocol/region_redirect.h"

#include <algorithm>

#include "core/ascii.h"
#include "s3/protocol/aws_host.h"
#include "s3/protocol/headers.h"
#include "s3/protocol/host_name.h"
#include "s3/protocol/xml.h"

namespace filestore::s3 {
namespace {

bool is_region_name(std::string_view text) {
    constexpr std::size_t longest = 32;
    return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    });
}

/// `bucket.s3.eu-west-1.amazonaws.com`, `s3-eu-west-1.amazonaws.com`: what names the region; empty where nothing does.
std::string region_of_aws_host(std::string_view host) {
    const std::string_view domain = aws_domain_of(host);
    if (domain.empty() || host.size() <= domain.size()) {
        return {};
    }
    std::string_view labels = host.substr(0, host.size() - domain.size() - 1);
    std::string_view last = labels.substr(labels.rfind('.') + 1);
    constexpr std::string_view old_form = "s3-";
    if (last.starts_with(old_form)) {
        last.remove_prefix(old_form.size());
    }
    return last == "s3" ? std::string() : std::string(last);
}

bool may_hint(int status, std::string_view code) {
    if (status == 400) {
        return code.empty() || code == "AuthorizationHeaderMalformed" ||
               code == "IllegalLocationConstraintException";
    }
    return status == 301 || status == 307;
}

std::string hint_of(const RedirectAnswer& answer, const ErrorBody& body) {
    if (const std::string_view header = header_value(answer.headers, "x-amz-bucket-region");
        !header.empty()) {
        return std::string(header);
    }
    return body.region.empty() ? region_of_aws_host(to_lower(without_port(body.endpoint))) : body.region;
}

}  // namespace

std::optional<std::string> redirected_region(const RedirectAnswer& answer) {
    const ErrorBody body = parse_error(answer.body).value_or(ErrorBody());
    if (!may_hint(answer.http_status, body.code)) {
        return std::nullopt;
    }
    if (!body.endpoint.empty() && !same_endpoint_domain(body.endpoint, answer.asked_host)) {
        return std::nullopt;
    }
    std::string region = hint_of(answer, body);
    if (!is_region_name(region) || region == answer.asked_region) {
        return std::nullopt;
    }
    return region;
}

bool same_endpoint_domain(std::string_view a, std::string_view b) {
    const std::string host_a = to_lower(without_port(a));
    const std::string host_b = to_lower(without_port(b));
    if (host_a.empty() || host_b.empty()) {
        return false;
    }
    const std::string_view domain = aws_domain_of(host_a);
    return host_a == host_b || (!domain.empty() && domain == aws_domain_of(host_b));
}

}  // namespace filestore::s3
