#pragma once

/// Listings of S3Client, a page at a time.

#include <string>
#include <vector>

#include "s3/client/core.h"
#include "s3/protocol/listing_xml.h"

namespace filestore::s3 {

/// How the server is asked for a listing, and where the page begins: at the cursor of the page before, else behind a key. Pure functions.
[[nodiscard]] ListVersion list_version(const Quirks& quirks) noexcept;
[[nodiscard]] std::vector<NameValue> place_of(ListVersion version, const std::string& cursor,
                                              const std::string& start_after);

void list(ClientCore& core, S3ListRequest request, Completion<S3ListPage> done);
void list_versions(ClientCore& core, S3ListRequest request, Completion<S3VersionPage> done);

}  // namespace filestore::s3
