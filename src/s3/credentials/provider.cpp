#include "s3/credentials/provider.h"

#include <new>
#include <utility>

namespace filestore::s3 {

namespace {

/// Makes a reply of `done`, and hands it to `begin`.
template <class Begin>
void answer_through(KeysDone done, Begin&& begin) noexcept {
    ReplyPtr<ResolvedCredentials> reply;
    try {
        reply = make_reply(done);
    } catch (const std::bad_alloc&) {
        return done(Error(ErrorCode::no_memory));
    }
    run_step([&] { begin(reply); });
}

}  // namespace

void CredentialsProvider::get(std::stop_token cancel, KeysDone done) noexcept {
    answer_through(std::move(done), [&](const auto& reply) { begin(cancel, reply); });
}

void CredentialsProvider::get_lasting(Timestamp until, std::stop_token cancel, KeysDone done) noexcept {
    answer_through(std::move(done), [&](const auto& reply) { begin_lasting(until, cancel, reply); });
}

void CredentialsProvider::begin_lasting(Timestamp, const std::stop_token& cancel,
                                        const ReplyPtr<ResolvedCredentials>& reply) {
    begin(cancel, reply);
}

std::optional<ResolvedCredentials> CredentialsProvider::at_hand(Timestamp) {
    return std::nullopt;
}

void CredentialsProvider::refuse(const Credentials&) noexcept {}

void CredentialsProvider::close() noexcept {}

}  // namespace filestore::s3
