#pragma once

/// Keeps the keys of another provider, and renews them before they end.

#include <chrono>

#include "s3/credentials/provider.h"

namespace filestore::s3 {

/// Keys are renewed so long before they end.
inline constexpr std::chrono::minutes refresh_ahead{5};

/// One request to `inner` is under way at one time, however many calls wait for it. While the kept keys hold, calls get them at once, also
/// while they are renewed and where that fails, unless they need keys that last longer; a failed renewal is tried again after a pause that grows from 10 s to 60 s.
[[nodiscard]] CredentialsProviderPtr make_refreshing_provider(CredentialsProviderPtr inner,
                                                              std::shared_ptr<Clock> clock);

}  // namespace filestore::s3
