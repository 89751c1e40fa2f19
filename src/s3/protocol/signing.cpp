#include "s3/protocol/signing.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "core/ascii.h"
#include "core/digest.h"
#include "core/encoding.h"

namespace filestore::s3 {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view terminator = "aws4_request";

constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

/// Drops blanks at both ends and makes each run of blanks one space ("Trimall").
void append_trimmed(std::string& text, std::string_view value) {
    bool first_word = true;
    for (std::size_t at = 0; at < value.size();) {
        if (is_blank(value[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < value.size() && !is_blank(value[end])) {
            ++end;
        }
        if (!first_word) {
            text += ' ';
        }
        text.append(value.substr(at, end - at));
        first_word = false;
        at = end;
    }
}

struct CanonicalHeader {
    std::string name;
    std::string_view value;
};

/// By name; headers of one name keep their order, for their values are joined in it.
std::vector<CanonicalHeader> sorted_headers(const std::vector<NameValue>& headers) {
    std::vector<CanonicalHeader> sorted;
    sorted.reserve(headers.size());
    for (const NameValue& header : headers) {
        sorted.push_back({to_lower(header.name), header.value});
    }
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const CanonicalHeader& a, const CanonicalHeader& b) { return a.name < b.name; });
    return sorted;
}

/// `name:value` and a line feed for each name.
std::string header_lines(const std::vector<CanonicalHeader>& sorted) {
    std::string lines;
    std::string_view previous;
    for (const CanonicalHeader& header : sorted) {
        if (!lines.empty() && header.name == previous) {
            lines.back() = ',';
        } else {
            lines.append(header.name).append(1, ':');
        }
        append_trimmed(lines, header.value);
        lines += '\n';
        previous = header.name;
    }
    return lines;
}

std::string joined_names(const std::vector<CanonicalHeader>& sorted) {
    std::string names;
    std::string_view previous;
    for (const CanonicalHeader& header : sorted) {
        if (!names.empty() && header.name == previous) {
            continue;
        }
        if (!names.empty()) {
            names += ';';
        }
        names += header.name;
        previous = header.name;
    }
    return names;
}

void append_digits(std::string& text, unsigned number, unsigned count) {
    const std::size_t start = text.size();
    text.append(count, '0');
    for (std::size_t at = start + count; at > start; --at) {
        text[at - 1] = static_cast<char>('0' + number % 10);
        number /= 10;
    }
}

/// `20260131`
std::string basic_date(Timestamp time) {
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
    std::string text;
    append_digits(text, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    append_digits(text, static_cast<unsigned>(date.month()), 2);
    append_digits(text, static_cast<unsigned>(date.day()), 2);
    return text;
}

/// `20260131T235959Z`
std::string basic_time(Timestamp time) {
    const std::chrono::hh_mm_ss clock(time - std::chrono::floor<std::chrono::days>(time));
    std::string text = basic_date(time);
    text += 'T';
    append_digits(text, static_cast<unsigned>(clock.hours().count()), 2);
    append_digits(text, static_cast<unsigned>(clock.minutes().count()), 2);
    append_digits(text, static_cast<unsigned>(clock.seconds().count()), 2);
    text += 'Z';
    return text;
}

Sha256Digest signing_key(const Credentials& credentials, const SigningScope& scope) {
    std::string text("AWS4");
    text.append(credentials.secret_key);
    const SecretString start = std::move(text);
    const Sha256Digest of_date =
        hmac_sha256(std::as_bytes(std::span(std::string_view(start))), basic_date(scope.time));
    const Sha256Digest of_region = hmac_sha256(of_date, scope.region);
    const Sha256Digest of_service = hmac_sha256(of_region, scope.service);
    return hmac_sha256(of_service, terminator);
}

std::string sign(const SigningRequest& complete, const Credentials& credentials, const SigningScope& scope) {
    return signature(credentials, scope, string_to_sign(scope, canonical_request(complete)));
}

}  // namespace

std::string canonical_request(const SigningRequest& request) {
    const std::vector<CanonicalHeader> headers = sorted_headers(request.headers);
    std::string text;
    text.append(request.method).append(1, '\n');
    text.append(request.path).append(1, '\n');
    text.append(canonical_query(request.query)).append(1, '\n');
    text.append(header_lines(headers)).append(1, '\n');
    text.append(joined_names(headers)).append(1, '\n');
    text.append(request.payload_hash);
    return text;
}

std::string credential_scope(const SigningScope& scope) {
    std::string text = basic_date(scope.time);
    text.append(1, '/').append(scope.region);
    text.append(1, '/').append(scope.service);
    text.append(1, '/').append(terminator);
    return text;
}

std::string string_to_sign(const SigningScope& scope, std::string_view canonical_request) {
    std::string text(algorithm);
    text.append(1, '\n').append(basic_time(scope.time));
    text.append(1, '\n').append(credential_scope(scope));
    text.append(1, '\n').append(to_hex(sha256(canonical_request)));
    return text;
}

std::string signature(const Credentials& credentials, const SigningScope& scope,
                      std::string_view string_to_sign) {
    return to_hex(hmac_sha256(signing_key(credentials, scope), string_to_sign));
}

std::string credential_name(const Credentials& credentials, const SigningScope& scope) {
    return credentials.access_key + '/' + credential_scope(scope);
}

std::string signing_time(const SigningScope& scope) {
    return basic_time(scope.time);
}

std::string signed_header_names(const std::vector<NameValue>& headers) {
    return joined_names(sorted_headers(headers));
}

std::vector<NameValue> sign_headers(const SigningRequest& request, const Credentials& credentials,
                                    const SigningScope& scope) {
    std::vector<NameValue> added;
    added.push_back({"x-amz-date", basic_time(scope.time)});
    added.push_back({"x-amz-content-sha256", request.payload_hash});
    if (!credentials.session_token.empty()) {
        added.push_back({"x-amz-security-token", std::string(credentials.session_token)});
    }

    SigningRequest complete = request;
    complete.headers.insert(complete.headers.end(), added.begin(), added.end());

    std::string authorization(algorithm);
    authorization.append(" Credential=").append(credential_name(credentials, scope));
    authorization.append(", SignedHeaders=").append(signed_header_names(complete.headers));
    authorization.append(", Signature=").append(sign(complete, credentials, scope));
    added.push_back({"authorization", std::move(authorization)});
    return added;
}

std::string_view signature_in(std::string_view authorization) noexcept {
    constexpr std::string_view before = "Signature=";
    const std::size_t place = authorization.rfind(before);
    return place == std::string_view::npos ? std::string_view() : authorization.substr(place + before.size());
}

std::vector<NameValue> presign_query(const SigningRequest& request, const Credentials& credentials,
                                     const SigningScope& scope, std::chrono::seconds expires) {
    std::vector<NameValue> added;
    added.push_back({"X-Amz-Algorithm", std::string(algorithm)});
    added.push_back({"X-Amz-Credential", credential_name(credentials, scope)});
    added.push_back({"X-Amz-Date", basic_time(scope.time)});
    added.push_back({"X-Amz-Expires", std::to_string(expires.count())});
    if (!credentials.session_token.empty()) {
        added.push_back({"X-Amz-Security-Token", std::string(credentials.session_token)});
    }
    added.push_back({"X-Amz-SignedHeaders", signed_header_names(request.headers)});

    SigningRequest complete = request;
    complete.query.insert(complete.query.end(), added.begin(), added.end());
    complete.payload_hash = unsigned_payload;
    added.push_back({"X-Amz-Signature", sign(complete, credentials, scope)});
    return added;
}

}  // namespace filestore::s3
