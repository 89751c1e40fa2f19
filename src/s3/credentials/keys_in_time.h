#pragma once

/// Keys for a call that cannot wait for ever.

#include "filestore/call.h"
#include "s3/credentials/provider.h"

namespace filestore::s3 {

/// As get_lasting(), and `timeout` soon after the deadline of the limits, however long the provider goes on: what it gets then is for later calls. `done` as there.
/// Throws std::bad_alloc, and then `done` is not called.
void get_in_time(CredentialsProvider& provider, Timestamp until, const CallOptions& limits, Reactor& reactor,
                 KeysDone done);

}  // namespace filestore::s3
