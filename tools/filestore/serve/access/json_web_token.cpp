#include "serve/access/json_web_token.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/digest.h"
#include "core/encoding.h"
#include "core/json.h"
#include "core/secret.h"
#include "core/try.h"

namespace filestore::tool::serve {

namespace {

constexpr std::size_t longest_token = 16'384;
constexpr std::chrono::seconds clock_difference{60};
/// Of a coordinate of P-256, and of either number of its signatures.
constexpr std::size_t p256_bytes = 32;

struct Free {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    void operator()(OSSL_PARAM_BLD* builder) const noexcept { OSSL_PARAM_BLD_free(builder); }
    void operator()(OSSL_PARAM* parameters) const noexcept { OSSL_PARAM_free(parameters); }
    void operator()(BIGNUM* number) const noexcept { BN_free(number); }
    void operator()(ECDSA_SIG* signature) const noexcept { ECDSA_SIG_free(signature); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Error refused(std::string why) {
    return {ErrorCode::unauthenticated, "the token is not right: " + std::move(why)};
}

/// Base64 of URLs, without padding (RFC 7515, section 2).
std::optional<std::string> from_base64url(std::string_view text) {
    if (text.find_first_of("+/=") != std::string_view::npos) {
        return std::nullopt;
    }
    std::string usual(text);
    std::replace(usual.begin(), usual.end(), '-', '+');
    std::replace(usual.begin(), usual.end(), '_', '/');
    usual.append((4 - usual.size() % 4) % 4, '=');
    auto bytes = from_base64(usual);
    return bytes.ok() ? std::optional(std::move(*bytes)) : std::nullopt;
}

/// Nothing where it is no object.
std::optional<JsonDocument> parse_object(std::string_view text) {
    JsonDocument document;
    document.Parse<rj::kParseIterativeFlag | rj::kParseValidateEncodingFlag>(text.data(), text.size());
    return document.HasParseError() || !document.IsObject() ? std::nullopt
                                                            : std::optional(std::move(document));
}

template <class Value>
std::string_view text_of(const Value& object, const char* name) {
    const auto member = object.FindMember(name);
    return member != object.MemberEnd() && member->value.IsString()
               ? std::string_view(member->value.GetString(), member->value.GetStringLength())
               : std::string_view();
}

/// The three parts of a token, the first two decoded. A value.
struct Parts {
    JsonDocument header;
    JsonDocument claims;
    std::string signature;
    /// What is signed.
    std::string_view message;
};

Result<Parts> split(std::string_view token) {
    const std::size_t first = token.find('.');
    const std::size_t second = token.find('.', first == std::string_view::npos ? first : first + 1);
    const bool has_form = token.size() <= longest_token && second != std::string_view::npos &&
                          token.find('.', second + 1) == std::string_view::npos;
    if (!has_form) {
        return refused("it has not three parts");
    }
    const auto header = from_base64url(token.substr(0, first));
    const auto claims = from_base64url(token.substr(first + 1, second - first - 1));
    auto signature = from_base64url(token.substr(second + 1));
    if (!header || !claims || !signature) {
        return refused("it is not base64url");
    }
    auto parsed_header = parse_object(*header);
    auto parsed_claims = parse_object(*claims);
    if (!parsed_header || !parsed_claims) {
        return refused("its parts are no JSON objects");
    }
    return Parts{std::move(*parsed_header), std::move(*parsed_claims), std::move(*signature),
                 token.substr(0, second)};
}

bool is_signed_by(const SecretString& secret, const Parts& parts) {
    const std::string_view key = secret;
    const Sha256Digest expected = hmac_sha256(std::as_bytes(std::span(key)), parts.message);
    return equal_secrets({reinterpret_cast<const char*>(expected.data()), expected.size()}, parts.signature);
}

/// The algorithm must fit the kind of key: a public key is no secret of HS256.
Result<void> check_signature(const Parts& parts, const TokenRules& rules, const TokenKeys& keys) {
    const std::string_view algorithm = text_of(parts.header, "alg");
    if (parts.header.HasMember("crit")) {
        return refused("it has an extension (crit) that is not known");
    }
    if (algorithm == "HS256" && !std::string_view(rules.secret).empty()) {
        return is_signed_by(rules.secret, parts) ? Result<void>() : refused("its signature is wrong");
    }
    if ((algorithm == "RS256" || algorithm == "ES256") && !keys.empty()) {
        return keys.verify(algorithm, text_of(parts.header, "kid"), parts.message, parts.signature)
                   ? Result<void>()
                   : refused("its signature is wrong, or its key is not known");
    }
    return refused("its algorithm is not taken here");
}

/// A NumericDate (RFC 7519, section 2).
std::optional<Timestamp> time_of(const JsonDocument& claims, const char* name) {
    constexpr double latest = 253'402'300'799;
    const auto member = claims.FindMember(name);
    if (member == claims.MemberEnd() || !member->value.IsNumber() ||
        !(std::abs(member->value.GetDouble()) <= latest)) {
        return std::nullopt;
    }
    return Timestamp(std::chrono::duration_cast<Timestamp::duration>(
        std::chrono::duration<double>(member->value.GetDouble())));
}

Result<void> check_time(const JsonDocument& claims, Timestamp now) {
    const auto expires = time_of(claims, "exp");
    if (!expires) {
        return refused("it does not say when it ends (exp)");
    }
    if (now >= *expires + clock_difference) {
        return refused("it has ended");
    }
    if (claims.HasMember("nbf")) {
        const auto begins = time_of(claims, "nbf");
        if (!begins || now + clock_difference < *begins) {
            return refused("it is not valid yet (nbf)");
        }
    }
    return {};
}

/// One, or a list of which one must be it.
bool names_audience(const JsonDocument& claims, const std::string& audience) {
    const auto member = claims.FindMember("aud");
    if (member == claims.MemberEnd()) {
        return false;
    }
    const auto is_it = [&audience](const auto& value) {
        return value.IsString() && value.GetString() == audience;
    };
    if (!member->value.IsArray()) {
        return is_it(member->value);
    }
    return std::any_of(member->value.Begin(), member->value.End(), is_it);
}

Result<void> check_claims(const JsonDocument& claims, const TokenRules& rules) {
    if (!rules.audience.empty() && !names_audience(claims, rules.audience)) {
        return refused("it is for somebody else (aud)");
    }
    if (!rules.issuer.empty() && text_of(claims, "iss") != rules.issuer) {
        return refused("it is from somebody else (iss)");
    }
    return {};
}

Owned<BIGNUM> number_of(std::string_view bytes) {
    return Owned<BIGNUM>(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()), nullptr));
}

Owned<EVP_PKEY> make_public_key(const char* kind, OSSL_PARAM_BLD* builder) {
    const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
    EVP_PKEY* key = nullptr;
    if (parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1) {
        return Owned<EVP_PKEY>(key);
    }
    return nullptr;
}

template <class Value>
Owned<EVP_PKEY> rsa_key(const Value& jwk) {
    constexpr std::size_t least_bytes = 256;
    const auto modulus = from_base64url(text_of(jwk, "n"));
    const auto exponent = from_base64url(text_of(jwk, "e"));
    if (!modulus || !exponent || modulus->size() < least_bytes || exponent->empty()) {
        return nullptr;
    }
    const auto n = number_of(*modulus);
    const auto e = number_of(*exponent);
    const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (!n || !e || !builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        return nullptr;
    }
    return make_public_key("RSA", builder.get());
}

template <class Value>
Owned<EVP_PKEY> p256_key(const Value& jwk) {
    const auto x = from_base64url(text_of(jwk, "x"));
    const auto y = from_base64url(text_of(jwk, "y"));
    if (text_of(jwk, "crv") != "P-256" || !x || !y || x->size() != p256_bytes || y->size() != p256_bytes) {
        return nullptr;
    }
    // Neither coordinate is compressed (SEC 1, section 2.3.3).
    const std::string point = '\x04' + *x + *y;
    const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1) {
        return nullptr;
    }
    return make_public_key("EC", builder.get());
}

/// As OpenSSL wants it, of the two numbers that stand one after the other (RFC 7518, section 3.4). Empty where they are none.
std::string der_of(std::string_view signature) {
    if (signature.size() != 2 * p256_bytes) {
        return {};
    }
    auto r = number_of(signature.substr(0, p256_bytes));
    auto s = number_of(signature.substr(p256_bytes));
    const Owned<ECDSA_SIG> made(ECDSA_SIG_new());
    if (!r || !s || !made || ECDSA_SIG_set0(made.get(), r.get(), s.get()) != 1) {
        return {};
    }
    [[maybe_unused]] const auto* now_of_made = std::pair(r.release(), s.release()).first;
    std::string der(static_cast<std::size_t>(i2d_ECDSA_SIG(made.get(), nullptr)), '\0');
    auto* into = reinterpret_cast<unsigned char*>(der.data());
    i2d_ECDSA_SIG(made.get(), &into);
    return der;
}

bool is_signed_by(EVP_PKEY* key, std::string_view message, std::string_view signature) {
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
           EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                            signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                            message.size()) == 1;
}

}  // namespace

struct TokenKeys::Key {
    std::string id;
    std::string algorithm;
    Owned<EVP_PKEY> key;
};

TokenKeys::TokenKeys() : keys_(std::make_shared<const std::vector<Key>>()) {}

Result<TokenKeys> TokenKeys::parse(std::string_view json) {
    const auto document = parse_object(json);
    const auto list = document ? document->FindMember("keys") : JsonDocument::ConstMemberIterator();
    if (!document || list == document->MemberEnd() || !list->value.IsArray()) {
        return Error(ErrorCode::corrupt, "what should be a JWKS has no list of keys");
    }
    std::vector<Key> keys;
    for (const auto& jwk : list->value.GetArray()) {
        if (!jwk.IsObject()) {
            continue;
        }
        const bool is_rsa = text_of(jwk, "kty") == "RSA";
        const bool is_ec = text_of(jwk, "kty") == "EC";
        auto key = is_rsa ? rsa_key(jwk) : is_ec ? p256_key(jwk) : nullptr;
        if (key) {
            keys.push_back({std::string(text_of(jwk, "kid")), is_rsa ? "RS256" : "ES256", std::move(key)});
        }
    }
    TokenKeys parsed;
    parsed.keys_ = std::make_shared<const std::vector<Key>>(std::move(keys));
    return parsed;
}

bool TokenKeys::empty() const noexcept {
    return keys_->empty();
}

bool TokenKeys::has(std::string_view key_id) const noexcept {
    return std::any_of(keys_->begin(), keys_->end(), [key_id](const Key& key) { return key.id == key_id; });
}

bool TokenKeys::verify(std::string_view algorithm, std::string_view key_id, std::string_view message,
                       std::string_view signature) const {
    const std::string der = algorithm == "ES256" ? der_of(signature) : std::string();
    return std::any_of(keys_->begin(), keys_->end(), [&](const Key& key) {
        const bool is_meant = key.algorithm == algorithm && (key_id.empty() || key.id == key_id);
        return is_meant && is_signed_by(key.key.get(), message, algorithm == "ES256" ? der : signature);
    });
}

bool looks_like_token(std::string_view text) noexcept {
    return std::count(text.begin(), text.end(), '.') == 2;
}

std::string key_id_of(std::string_view token) {
    const auto parts = split(token);
    return parts.ok() ? std::string(text_of(parts->header, "kid")) : std::string();
}

Result<Identity> verify_token(std::string_view token, const TokenRules& rules, const TokenKeys& keys,
                              Timestamp now) {
    FILESTORE_TRY_ASSIGN(const Parts parts, split(token));
    FILESTORE_TRY(check_signature(parts, rules, keys));
    FILESTORE_TRY(check_time(parts.claims, now));
    FILESTORE_TRY(check_claims(parts.claims, rules));
    const std::string subject(text_of(parts.claims, "sub"));
    const std::string name_of_role(text_of(parts.claims, "role"));
    const auto role = rules.roles.find(name_of_role);
    return Identity{subject, role == rules.roles.end() ? Scopes() : role->second,
                    subject.empty() ? "role " + name_of_role : "subject " + subject};
}

}  // namespace filestore::tool::serve
