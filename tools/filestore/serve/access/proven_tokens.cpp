#include "serve/access/proven_tokens.h"

#include <utility>

#include "core/digest.h"
#include "core/encoding.h"

namespace filestore::tool::serve {

namespace {

constexpr std::size_t many_tokens = 10'000;

}  // namespace

void ProvenTokens::note(std::string_view token, bool is_right) {
    std::string hash = to_hex(sha256(token));
    const std::lock_guard lock(mutex_);
    if (!is_right) {
        hashes_.erase(hash);
        return;
    }
    if (hashes_.size() >= many_tokens) {
        hashes_.clear();
    }
    hashes_.insert(std::move(hash));
}

bool ProvenTokens::has(std::string_view token) const {
    const std::string hash = to_hex(sha256(token));
    const std::lock_guard lock(mutex_);
    return hashes_.contains(hash);
}

}  // namespace filestore::tool::serve
