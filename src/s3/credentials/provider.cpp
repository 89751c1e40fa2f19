#include "s3/credentials/provider.h"

#include <new>
#include <utility>

namespace filestore::s3 {

void CredentialsProvider::get(std::stop_token cancel, KeysDone done) noexcept {
    ReplyPtr<ResolvedCredentials> reply;
    try {
        reply = make_reply(done);
    } catch (const std::bad_alloc&) {
        return done(Error(ErrorCode::no_memory));
    }
    run_step([&] { begin(cancel, reply); });
}

void CredentialsProvider::refuse(const Credentials&) noexcept {}

void CredentialsProvider::close() noexcept {}

}  // namespace filestore::s3
