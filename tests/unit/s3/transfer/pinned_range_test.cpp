#include "s3/transfer/pinned_range.h"

#include <catch2/catch.hpp>

using namespace filestore;
using namespace filestore::s3;

namespace {

const PinnedRange range{100, 10, {"etag", {}, {}}};

Error broken_off() {
    ErrorDetails details;
    details.retryable = true;
    return {ErrorCode::unavailable, "the connection broke", details};
}

}  // namespace

TEST_CASE("a range is gone on with behind what was delivered", "[s3][transfer]") {
    Call call;
    REQUIRE(range.resume(call, 4).ok());
    REQUIRE(call.headers.size() == 2);
    CHECK(call.headers[0].value == "bytes=104-109");
    CHECK(call.headers[1].value == "\"etag\"");
}

TEST_CASE("of a range that is there nothing is asked for again", "[s3][transfer]") {
    Call call;
    CHECK_FALSE(range.resume(call, 10).ok());
    CHECK(call.headers.empty());
}

TEST_CASE("an answer that broke off is whole with its last byte", "[s3][transfer]") {
    CHECK(range.is_whole(broken_off(), 10));
    CHECK_FALSE(range.is_whole(broken_off(), 9));
    CHECK_FALSE(range.is_whole(Error(ErrorCode::corrupt), 10));
    CHECK_FALSE(range.is_whole(Error(ErrorCode::cancelled), 10));
}
