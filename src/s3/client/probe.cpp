#include "s3/client/probe.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/stream_calls.h"
#include "core/text.h"
#include "core/try.h"
#include "filestore/file_id.h"
#include "s3/client/objects.h"
#include "s3/client/probe_session.h"
#include "s3/client/probe_trials.h"
#include "s3/protocol/endpoint.h"
#include "s3/protocol/server_identity.h"

namespace filestore::s3 {

namespace {

using Support = S3ProbeFeature::Support;
using ProbeOperation = OperationPtr<S3ProbeResult>;

/// Without these nothing that the others find would tell anything.
constexpr std::array required{std::string_view("put"), std::string_view("get"), std::string_view("delete")};

Result<void> run(ProbeSession& session, std::span<const Trial> trials,
                 std::vector<S3ProbeFeature>& features) {
    for (const Trial& trial : trials) {
        FILESTORE_TRY(session.check_limits());
        const Result<Finding> found = trial.run(session);
        FILESTORE_TRY(session.check_limits());
        S3ProbeFeature feature = feature_of(trial.feature, found);
        const bool is_required = std::find(required.begin(), required.end(), trial.feature) != required.end();
        if (is_required && feature.support != Support::yes) {
            return found.ok()
                       ? Error(ErrorCode::unsupported, "no S3 server: " + feature.name + " " + feature.how)
                       : found.error();
        }
        features.push_back(std::move(feature));
    }
    return {};
}

Result<S3ProbeResult> run_all(ProbeSession& session) {
    S3ProbeResult result;
    FILESTORE_TRY(run(session, object_trials(), result.features));
    FILESTORE_TRY(run(session, part_trials(), result.features));
    const Quirks& known = identify_server(session.headers(), session.options().endpoint,
                                          guess_quirks(endpoint_host(session.options())));
    result.server = known.name;
    result.profile = format_profile(quirks_found(known, result.features));
    return result;
}

/// The result, where something that was made may still be there: a failure keeps its code.
Error with_leftovers(const Result<S3ProbeResult>& result, const std::vector<std::string>& left) {
    const std::string note = "what it may have stored could not all be removed: look for " +
                             quoted(left.front()) +
                             (left.size() > 1 ? " and " + std::to_string(left.size() - 1) + " more" : "");
    if (result.ok()) {
        return {ErrorCode::outcome_unknown, "the probe is done; " + note};
    }
    const Error& error = result.error();
    return {error.code(), std::string(error.message()) + "; " + note, error.details()};
}

/// What was made is removed, whatever came of the trials.
Result<S3ProbeResult> run_and_clean_up(ClientCore& core, const S3ProbeRequest& request) {
    FILESTORE_TRY_ASSIGN(const FileId id, FileId::generate());
    ProbeSession session(core, request, request.prefix + "filestore-probe-" + id.str() + "/");
    Result<S3ProbeResult> result = call_user(ErrorCode::internal, [&] { return run_all(session); });
    const std::vector<std::string> left = session.clean_up();
    return left.empty() ? result : with_leftovers(result, left);
}

/// What a feature says of a profile.
struct Tells {
    std::string_view feature;
    bool Quirks::*member;
    /// The member says the contrary.
    bool inverse = false;
};

constexpr std::array tells{
    Tells{"etag-md5", &Quirks::etag_is_md5},
    Tells{"multipart-etag", &Quirks::multipart_etag_is_md5_of_md5s},
    Tells{"conditional-put", &Quirks::put_if_none_match},
    Tells{"compare-and-swap", &Quirks::put_if_match},
    Tells{"conditional-multipart", &Quirks::conditional_complete},
    Tells{"conditional-delete", &Quirks::delete_if_match},
    Tells{"conditional-delete", &Quirks::auto_delete_if_match},
    Tells{"checksum-header", &Quirks::header_checksums},
    Tells{"checksum-header", &Quirks::returns_checksums},
    Tells{"checksum-trailer", &Quirks::trailer_checksums},
    Tells{"unequal-parts", &Quirks::equal_parts, true},
    Tells{"uploads-by-prefix", &Quirks::list_uploads_by_prefix},
    Tells{"copy-multipart", &Quirks::multipart_copy},
    Tells{"batch-delete", &Quirks::batch_delete},
    Tells{"conditional-batch-delete", &Quirks::batch_delete_if_match},
    Tells{"list-v2", &Quirks::list_v2},
    Tells{"list-encoding", &Quirks::list_encoding_url},
    Tells{"key-slashes", &Quirks::keys_are_paths, true},
    Tells{"tags", &Quirks::tagging},
    Tells{"versions", &Quirks::versioning},
    Tells{"sse-s3", &Quirks::sse_s3},
    Tells{"sse-c", &Quirks::sse_customer_key},
    Tells{"storage-class", &Quirks::storage_classes},
};

}  // namespace

Quirks quirks_found(Quirks quirks, std::span<const S3ProbeFeature> features) {
    for (const S3ProbeFeature& feature : features) {
        if (feature.support == Support::unknown) {
            continue;
        }
        const bool has = feature.support == Support::yes;
        for (const Tells& told : tells) {
            if (told.feature == feature.name) {
                quirks.*told.member = has != told.inverse;
            }
        }
        if (feature.name == "checksum-header") {
            quirks.auto_checksum = has ? AutoChecksum::header : AutoChecksum::none;
        }
    }
    return quirks;
}

void probe(ClientCore& core, S3ProbeRequest request, Completion<S3ProbeResult> done) {
    core.start<S3ProbeResult>(
        request.call, std::move(done), [&](const ProbeOperation& operation) -> Result<void> {
            FILESTORE_TRY(resolve_endpoint(core.options(), request.bucket));
            FILESTORE_TRY(check_key(request.prefix + "x"));
            core.run_waiting([&core, operation, request = std::move(request)] {
                operation->finish(
                    call_user(ErrorCode::internal, [&] { return run_and_clean_up(core, request); }));
            });
            return {};
        });
}

}  // namespace filestore::s3
