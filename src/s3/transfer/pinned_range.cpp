#include "s3/transfer/pinned_range.h"

#include <algorithm>
#include <utility>

#include "core/try.h"
#include "s3/protocol/answer_head.h"
#include "s3/protocol/etag.h"

namespace filestore::s3 {

namespace {

void set(std::vector<NameValue>& headers, std::string_view name, std::string value) {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const NameValue& header) { return header.name == name; });
    if (found == headers.end()) {
        headers.push_back({std::string(name), std::move(value)});
    } else {
        found->value = std::move(value);
    }
}

}  // namespace

void PinnedRange::apply(Call& call, std::uint64_t delivered) const {
    set(call.headers, "range", range_header({offset + delivered, length - delivered}));
    set(call.headers, "if-match", quoted_etag(pin.etag));
}

Result<void> PinnedRange::resume(Call& call, std::uint64_t delivered) const {
    if (delivered == length) {
        return Error(ErrorCode::unavailable, "the end of the answer is lost, and no byte of the object");
    }
    apply(call, delivered);
    return {};
}

Result<void> PinnedRange::check(const Answer& head, std::uint64_t delivered) const {
    // Some servers do not look at If-Match.
    const auto extent =
        resumed_extent(pin, {offset + delivered, length - delivered}, head.status, head.headers);
    if (!extent.ok() && extent.error().code() == ErrorCode::unsupported) {
        return Error(ErrorCode::unavailable,
                     "the answer broke off, and the server knows no ranges to go on by: try again");
    }
    FILESTORE_TRY(extent);
    return {};
}

Error of_pinned(const Error& error) {
    return error.code() == ErrorCode::precondition_failed || error.code() == ErrorCode::not_found
               ? Error(ErrorCode::conflict, "the object changed while it was read: read it again",
                       error.details())
               : error;
}

}  // namespace filestore::s3
