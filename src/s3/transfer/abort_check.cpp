#include "s3/transfer/abort_check.h"

#include "s3/protocol/multipart_xml.h"

namespace filestore::s3 {

PartsLeft parts_left(const Result<Answer>& listing) {
    if (listing.ok()) {
        // Some servers list an upload that is gone as one without parts.
        const auto parts = parse_part_listing(listing->body);
        return parts.ok() && parts->parts.empty() ? PartsLeft::none : PartsLeft::some;
    }
    switch (listing.error().code()) {
        case ErrorCode::not_found:
        case ErrorCode::permission_denied:
        case ErrorCode::unsupported:
            return PartsLeft::none;
        default:
            return PartsLeft::unknown;
    }
}

}  // namespace filestore::s3
