/// What is done by a backend with many files, or with the whole store.

#include <cstddef>
#include <string>
#include <vector>

#include "answers.h"
#include "core/json_append.h"

namespace filestore::capi {
namespace {

/// `if_versions` may be null.
Result<RemoveBatchRequest> batch_request(const char* const* ids, const char* const* if_versions,
                                         std::size_t count, const filestore_call_options* options) {
    FILESTORE_TRY(require(ids, "ids"));
    RemoveBatchRequest request;
    for (std::size_t i = 0; i < count; ++i) {
        FILESTORE_TRY_ASSIGN(const FileId id, parse_id(ids[i]));
        request.ids.push_back(id);
        if (if_versions != nullptr) {
            FILESTORE_TRY_ASSIGN(std::string version, optional_text(if_versions[i], "if_versions"));
            request.if_versions.push_back(std::move(version));
        }
    }
    request.call = call_of(options);
    return request;
}

SweepUploadsRequest sweep_request(std::int32_t dry_run, const filestore_call_options* options) {
    SweepUploadsRequest request;
    request.dry_run = dry_run != 0;
    request.call = call_of(options);
    if (options != nullptr) {
        request.older_than = options->uploads_older_than.value_or(request.older_than);
    }
    return request;
}

/// A JSON object.
std::string outcome_json(const RemovalOutcome& outcome) {
    const auto truth = [](bool value) { return value ? "true" : "false"; };
    std::string json;
    append_json_text(json, "file_id", outcome.id.text());
    append_json_member(json, "removed", truth(outcome.removed.ok() && *outcome.removed));
    append_json_member(json, "keeps_version", truth(outcome.keeps_version));
    if (!outcome.removed.ok()) {
        append_json_text(json, "code", to_string(outcome.removed.error().code()));
        append_json_text(json, "message", outcome.removed.error().message());
    }
    return json + "}";
}

std::string outcomes_json(const std::vector<RemovalOutcome>& outcomes) {
    return json_array(outcomes, &outcome_json);
}

std::string ids_json(const std::vector<FileId>& ids) {
    return json_array(ids, [](const FileId& id) {
        std::string json;
        append_json_string(json, id.text());
        return json;
    });
}

/// A JSON object.
std::string kept_json(const KeptVersions& kept) {
    std::string json;
    append_json_member(json, "versions", std::to_string(kept.versions));
    append_json_member(json, "bytes", std::to_string(kept.bytes));
    append_json_member(json, "orphan_markers", std::to_string(kept.orphan_markers));
    return json + "}";
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_backend_delete_batch(filestore_backend* backend, const char* const* ids,
                                       const char* const* if_versions, size_t count,
                                       const filestore_call_options* options, filestore_buffer** outcomes,
                                       filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(outcomes, "outcomes"));
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY_ASSIGN(auto request, capi::batch_request(ids, if_versions, count, options));
        FILESTORE_TRY_ASSIGN(const auto removed, backend->backend->remove_batch(std::move(request)));
        *outcomes = capi::make_handle<filestore_buffer>(capi::outcomes_json(removed));
        return {};
    });
}

int32_t filestore_backend_discard(filestore_backend* backend, const char* id,
                                  const filestore_call_options* options, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY_ASSIGN(FileRequest request, capi::file_request(id, options));
        return backend->backend->discard(std::move(request));
    });
}

int32_t filestore_backend_sweep_uploads(filestore_backend* backend, int32_t dry_run,
                                        const filestore_call_options* options, filestore_buffer** ids,
                                        filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(ids, "ids"));
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY_ASSIGN(const auto swept,
                             backend->backend->sweep_uploads(capi::sweep_request(dry_run, options)));
        *ids = capi::make_handle<filestore_buffer>(capi::ids_json(swept));
        return {};
    });
}

int32_t filestore_backend_kept_versions(filestore_backend* backend, const filestore_call_options* options,
                                        filestore_buffer** kept, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(kept, "kept"));
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY_ASSIGN(const KeptVersions counted,
                             backend->backend->kept_versions(capi::call_of(options)));
        *kept = capi::make_handle<filestore_buffer>(capi::kept_json(counted));
        return {};
    });
}

int32_t filestore_backend_delete_batch_async(filestore_backend* backend, const char* const* ids,
                                             const char* const* if_versions, size_t count,
                                             const filestore_call_options* options,
                                             filestore_done_function done, void* context,
                                             filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(
            backend, capi::batch_request(ids, if_versions, count, options),
            &StorageBackend::remove_batch_async, done,
            capi::json_to<std::vector<RemovalOutcome>>(done, context, &capi::outcomes_json));
    });
}

int32_t filestore_backend_discard_async(filestore_backend* backend, const char* id,
                                        const filestore_call_options* options, filestore_done_function done,
                                        void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(backend, capi::file_request(id, options), &StorageBackend::discard_async,
                                done, capi::nothing_to(done, context));
    });
}

int32_t filestore_backend_sweep_uploads_async(filestore_backend* backend, int32_t dry_run,
                                              const filestore_call_options* options,
                                              filestore_done_function done, void* context,
                                              filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(backend, Result(capi::sweep_request(dry_run, options)),
                                &StorageBackend::sweep_uploads_async, done,
                                capi::json_to<std::vector<FileId>>(done, context, &capi::ids_json));
    });
}

int32_t filestore_backend_kept_versions_async(filestore_backend* backend,
                                              const filestore_call_options* options,
                                              filestore_done_function done, void* context,
                                              filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(backend, Result(capi::call_of(options)), &StorageBackend::kept_versions_async,
                                done, capi::json_to<KeptVersions>(done, context, &capi::kept_json));
    });
}
