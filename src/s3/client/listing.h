#pragma once

/// Listings of S3Client, a page at a time.

#include <string_view>

#include "s3/client/core.h"

namespace filestore::s3 {

/// The request for one page, and what the answer to it says: of a page that goes on without getting further, `corrupt`. Pure functions.
[[nodiscard]] Result<Call> list_call(const Quirks& quirks, const S3ListRequest& request);
[[nodiscard]] Result<S3ListPage> list_page(const Quirks& quirks, const S3ListRequest& request,
                                           std::string_view body);

void list(ClientCore& core, S3ListRequest request, Completion<S3ListPage> done);
void list_versions(ClientCore& core, S3ListRequest request, Completion<S3VersionPage> done);

}  // namespace filestore::s3
