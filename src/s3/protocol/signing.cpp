#include "s3/protocol/signing.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstddef>
#include <list>
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
    std::string_view name;
    std::string_view value;
};

/// Headers by name; those of one name keep their order, for their values are joined in it. Borrows the texts of what is added.
class SortedHeaders {
public:
    void add(const std::vector<NameValue>& headers) {
        sorted_.reserve(sorted_.size() + headers.size());
        for (const NameValue& header : headers) {
            sorted_.push_back({in_lower_case(header.name), header.value});
        }
    }

    [[nodiscard]] const std::vector<CanonicalHeader>& sort() {
        std::stable_sort(sorted_.begin(), sorted_.end(),
                         [](const CanonicalHeader& a, const CanonicalHeader& b) { return a.name < b.name; });
        return sorted_;
    }

private:
    std::string_view in_lower_case(std::string_view name) {
        const bool is_lower =
            std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
        return is_lower ? name : lowered_.emplace_back(to_lower(name));
    }

    std::vector<CanonicalHeader> sorted_;
    std::list<std::string> lowered_;
};

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

/// Of a request whose headers are these.
std::string canonical_text(const SigningRequest& request, const std::vector<CanonicalHeader>& headers,
                           const std::vector<NameValue>& query, std::string_view payload_hash) {
    std::string text;
    text.reserve(1024);
    text.append(request.method).append(1, '\n');
    text.append(request.path).append(1, '\n');
    text.append(canonical_query(query)).append(1, '\n');
    text.append(header_lines(headers)).append(1, '\n');
    text.append(joined_names(headers)).append(1, '\n');
    text.append(payload_hash);
    return text;
}

}  // namespace

SigningKey::SigningKey(const Credentials& credentials, const SigningScope& scope) {
    std::string text("AWS4");
    text.append(credentials.secret_key);
    const SecretString start = std::move(text);
    bytes_ = hmac_sha256(std::as_bytes(std::span(std::string_view(start))), basic_date(scope.time));
    bytes_ = hmac_sha256(bytes_, scope.region);
    bytes_ = hmac_sha256(bytes_, scope.service);
    bytes_ = hmac_sha256(bytes_, terminator);
}

SigningKey::~SigningKey() {
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

std::string canonical_request(const SigningRequest& request) {
    SortedHeaders headers;
    headers.add(request.headers);
    return canonical_text(request, headers.sort(), request.query, request.payload_hash);
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
    return signature(SigningKey(credentials, scope), string_to_sign);
}

std::string signature(const SigningKey& key, std::string_view string_to_sign) {
    return to_hex(hmac_sha256(key.bytes(), string_to_sign));
}

std::string credential_name(const Credentials& credentials, const SigningScope& scope) {
    return credentials.access_key + '/' + credential_scope(scope);
}

std::string signing_time(const SigningScope& scope) {
    return basic_time(scope.time);
}

std::string signed_header_names(const std::vector<NameValue>& headers) {
    SortedHeaders sorted;
    sorted.add(headers);
    return joined_names(sorted.sort());
}

std::vector<NameValue> sign_headers(const SigningRequest& request, const Credentials& credentials,
                                    const SigningScope& scope) {
    return sign_headers(request, credentials, scope, SigningKey(credentials, scope));
}

std::vector<NameValue> sign_headers(const SigningRequest& request, const Credentials& credentials,
                                    const SigningScope& scope, const SigningKey& key) {
    std::vector<NameValue> added;
    added.reserve(4);
    added.push_back({"x-amz-date", basic_time(scope.time)});
    added.push_back({"x-amz-content-sha256", request.payload_hash});
    if (!credentials.session_token.empty()) {
        added.push_back({"x-amz-security-token", std::string(credentials.session_token)});
    }

    SortedHeaders all;
    all.add(request.headers);
    all.add(added);
    const std::vector<CanonicalHeader>& sorted = all.sort();
    const std::string canonical = canonical_text(request, sorted, request.query, request.payload_hash);

    std::string authorization(algorithm);
    authorization.reserve(256);
    authorization.append(" Credential=").append(credential_name(credentials, scope));
    authorization.append(", SignedHeaders=").append(joined_names(sorted));
    authorization.append(", Signature=").append(signature(key, string_to_sign(scope, canonical)));
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

    SortedHeaders headers;
    headers.add(request.headers);
    std::vector<NameValue> query = request.query;
    query.insert(query.end(), added.begin(), added.end());
    const std::string canonical = canonical_text(request, headers.sort(), query, unsigned_payload);
    added.push_back({"X-Amz-Signature", signature(credentials, scope, string_to_sign(scope, canonical))});
    return added;
}

}  // namespace filestore::s3
