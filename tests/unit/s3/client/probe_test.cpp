#include "s3/client/probe.h"

#include <catch2/catch.hpp>
#include <set>

#include "s3/client/probe_trials.h"
#include "support/code_of.h"

using namespace filestore;
using namespace filestore::s3;
using Support = S3ProbeFeature::Support;

namespace {

Error failure(ErrorCode code, int status, std::string server_code) {
    ErrorDetails details;
    details.http_status = status;
    details.server_code = std::move(server_code);
    return {code, "what was tried failed", std::move(details)};
}

std::string profile_of(std::string_view base, const std::vector<S3ProbeFeature>& features) {
    return format_profile(quirks_found(*find_quirks(base), features));
}

}  // namespace

TEST_CASE("every trial has its feature, each once", "[s3][probe]") {
    std::set<std::string_view> names;
    for (const auto& trials : {object_trials(), part_trials()}) {
        for (const Trial& trial : trials) {
            CHECK(names.insert(trial.feature).second);
            CHECK(trial.run != nullptr);
        }
    }
}

TEST_CASE("a failure shows a lack only where it can have no other cause", "[s3][probe]") {
    struct Row {
        Error error;
        Support support;
        std::string_view says;
    };
    const Row rows[] = {
        {failure(ErrorCode::unsupported, 501, "NotImplemented"), Support::no, "answers 501 NotImplemented"},
        {failure(ErrorCode::unavailable, 500, ""), Support::no, "answers 500"},
        {failure(ErrorCode::permission_denied, 403, "SignatureDoesNotMatch"), Support::no,
         "answers 403 SignatureDoesNotMatch"},
        {failure(ErrorCode::permission_denied, 403, "AccessDenied"), Support::unknown,
         "answers 403 AccessDenied"},
        {failure(ErrorCode::rate_limited, 503, "SlowDown"), Support::unknown, "answers 503 SlowDown"},
        {failure(ErrorCode::unavailable, 0, ""), Support::unknown, "what was tried failed"},
        {failure(ErrorCode::corrupt, 0, ""), Support::no, "what was tried failed"},
    };
    for (const Row& row : rows) {
        INFO(row.says);
        const S3ProbeFeature feature = feature_of("tags", row.error);
        CHECK(feature.name == "tags");
        CHECK(feature.support == row.support);
        CHECK(feature.how == row.says);
    }
    CHECK(feature_of("tags", Finding{true, "kept"}).support == Support::yes);
    CHECK(feature_of("tags", Finding{false, "lost"}).support == Support::no);
    CHECK(feature_of("tags", Finding{false, "lost"}).how == "lost");
}

TEST_CASE("a refusal for another reason is no proof of a condition", "[s3][probe]") {
    CHECK(*was_refused(failure(ErrorCode::precondition_failed, 412, "PreconditionFailed")));
    CHECK(*was_refused(failure(ErrorCode::conflict, 409, "ConditionalRequestConflict")));
    CHECK_FALSE(*was_refused(Answer{}));
    CHECK(code_of(was_refused(failure(ErrorCode::unsupported, 501, "NotImplemented"))) ==
          ErrorCode::unsupported);
}

TEST_CASE("what was found makes the profile", "[s3][probe]") {
    const auto feature = [](std::string name, Support support) {
        return S3ProbeFeature{std::move(name), support, {}};
    };
    CHECK(profile_of("generic", {}) == "generic");
    CHECK(profile_of("garage", {feature("conditional-put", Support::no), feature("tags", Support::no)}) ==
          "garage");
    CHECK(profile_of("ceph", {feature("compare-and-swap", Support::yes)}) == "ceph,put_if_match=yes");
    CHECK(profile_of("minio", {feature("sse-c", Support::unknown)}) == "minio");
    CHECK(profile_of("generic", {feature("checksum-header", Support::yes)}) ==
          "generic,returns_checksums=yes,auto_checksum=header");
    CHECK(profile_of("aws",
                     {feature("checksum-header", Support::no), feature("checksum-trailer", Support::no)}) ==
          "aws,header_checksums=no,trailer_checksums=no,returns_checksums=no,auto_checksum=none");
    CHECK(
        profile_of("generic", {feature("unequal-parts", Support::no), feature("key-slashes", Support::no)}) ==
        "generic,equal_parts=yes,keys_are_paths=yes");
    CHECK(profile_of("generic", {feature("list-v2", Support::no), feature("batch-delete", Support::no)}) ==
          "generic,batch_delete=no,list_v2=no");
    CHECK(profile_of("generic", {feature("conditional-delete", Support::yes),
                                 feature("conditional-batch-delete", Support::yes)}) ==
          "generic,auto_delete_if_match=yes,batch_delete_if_match=yes");
    CHECK(profile_of("generic", {feature("conditional-delete", Support::no)}) ==
          "generic,delete_if_match=no");
    // Every profile that is printed can be read.
    CHECK(parse_profile(profile_of("aws", {feature("list-encoding", Support::no)})).ok());
}
