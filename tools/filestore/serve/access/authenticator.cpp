#include "serve/access/authenticator.h"

#include "core/ascii.h"
#include "core/try.h"

namespace filestore::tool::serve {

namespace {

/// Empty where there is none.
std::string_view credential_of(const Request& request) {
    constexpr std::string_view bearer = "bearer ";
    if (const std::string* authorization = request.header("Authorization")) {
        const std::string_view text = *authorization;
        const std::size_t begin = text.find_first_not_of(' ', bearer.size());
        if (equal_ignoring_case(text.substr(0, bearer.size()), bearer) && begin != std::string_view::npos) {
            return text.substr(begin);
        }
    }
    const std::string* key = request.header("X-Api-Key");
    return key == nullptr ? std::string_view() : std::string_view(*key);
}

}  // namespace

std::string_view Authenticator::token_in(const Request& request) const {
    const std::string_view credential = credential_of(request);
    return rules_ && looks_like_token(credential) ? credential : std::string_view();
}

Result<Identity> Authenticator::identify(const Request& request, Timestamp now) const {
    if (is_open()) {
        return Identity{"", Scopes::all()};
    }
    const std::string_view credential = credential_of(request);
    if (credential.empty()) {
        return Error(ErrorCode::unauthenticated,
                     "this service wants a key: send it as 'Authorization: Bearer KEY' or 'X-Api-Key: KEY'");
    }
    return identify(credential, now);
}

Result<Identity> Authenticator::identify(std::string_view credential, Timestamp now) const {
    if (rules_ && looks_like_token(credential)) {
        TokenKeys keys;
        if (token_keys_ != nullptr) {
            FILESTORE_TRY_ASSIGN(keys, token_keys_->keys_for(key_id_of(credential)));
        }
        return verify_token(credential, *rules_, keys, now);
    }
    auto identity = find_key(keys_, credential);
    return identity ? Result<Identity>(std::move(*identity))
                    : Error(ErrorCode::unauthenticated, "the key is not known here");
}

}  // namespace filestore::tool::serve
