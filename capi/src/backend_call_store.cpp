/// What a backend of a C caller is asked of many files or of the whole store, and how it answers.

#include <string>

#include "arguments.h"
#include "core/call_limits.h"
#include "core/stream_calls.h"
#include "core/verify_counts.h"
#include "table.h"

namespace filestore::capi {
namespace {

constexpr std::chrono::milliseconds progress_interval{100};

const char* text_at(const std::vector<std::string>& texts, std::size_t index) noexcept {
    return index < texts.size() ? texts[index].c_str() : "";
}

Result<Damage> damage_named(std::string_view name) {
    for (const Damage damage : {Damage::corrupt, Damage::missing, Damage::orphaned, Damage::unreadable}) {
        if (name == to_string(damage)) {
            return damage;
        }
    }
    return Error(ErrorCode::invalid_argument, "there is no damage named \"" + std::string(name) + "\"");
}

Result<void> require_verify(const filestore_backend_call* call) {
    FILESTORE_TRY(require(call, "call"));
    return require_given(call->verify != nullptr, "call of verify");
}

/// What ends the run is kept for who asked for it.
Result<void> tell_finding(filestore_backend_call& call, const VerifyFinding& finding) {
    if (call.verify->on_finding) {
        const auto told = call_user(ErrorCode::sink_failed, [&] { return call.verify->on_finding(finding); });
        if (!told.ok()) {
            call.ended = told.error();
            return told;
        }
    }
    count_of(call.report, finding.damage) += 1;
    return {};
}

void tell_now_and_then(filestore_backend_call& call, const VerifyProgress& state) {
    const auto now = std::chrono::steady_clock::now();
    if (call.verify->progress && now >= call.next_progress) {
        call.next_progress = now + progress_interval;
        call.verify->progress(state);
    }
}

/// Nothing behind the last one.
Result<std::optional<FileId>> recorded_after(const VerifyRequest& request, const FileId& after) {
    if (!request.record) {
        return std::optional<FileId>();
    }
    FILESTORE_TRY_ASSIGN(const auto ids, request.record->stored_after(after, 1));
    return ids.empty() ? std::optional<FileId>() : std::optional<FileId>(ids.front());
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

size_t filestore_backend_call_id_count(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, size_t{0},
                            [](const filestore_backend_call& handle) noexcept { return handle.ids.size(); });
}

const char* filestore_backend_call_id_at(const filestore_backend_call* call, size_t index) noexcept {
    return capi::guard_read(call, "", [index](const filestore_backend_call& handle) noexcept {
        return capi::text_at(handle.ids, index);
    });
}

const char* filestore_backend_call_if_version_at(const filestore_backend_call* call, size_t index) noexcept {
    return capi::guard_read(call, "", [index](const filestore_backend_call& handle) noexcept {
        return capi::text_at(handle.if_versions, index);
    });
}

uint64_t filestore_backend_call_older_than(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, uint64_t{0}, [](const filestore_backend_call& handle) noexcept {
        return static_cast<uint64_t>(handle.older_than.count());
    });
}

int32_t filestore_backend_call_dry_run(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, int32_t{0}, [](const filestore_backend_call& handle) noexcept {
        return int32_t{handle.dry_run};
    });
}

int32_t filestore_backend_call_repair(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, int32_t{0}, [](const filestore_backend_call& handle) noexcept {
        return int32_t{handle.verify != nullptr && handle.verify->repair};
    });
}

int32_t filestore_backend_call_resume(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, int32_t{0}, [](const filestore_backend_call& handle) noexcept {
        return int32_t{handle.verify != nullptr && handle.verify->resume};
    });
}

uint32_t filestore_backend_call_parallel(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, uint32_t{0}, [](const filestore_backend_call& handle) noexcept {
        return handle.verify != nullptr ? uint32_t{handle.verify->parallel} : uint32_t{0};
    });
}

int32_t filestore_backend_call_next_recorded(filestore_backend_call* call, const char* after,
                                             char id[FILESTORE_ID_SIZE], filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_id(id));
        FILESTORE_TRY(capi::require_verify(call));
        FileId before;
        if (after != nullptr) {
            FILESTORE_TRY_ASSIGN(before, capi::parse_id(after));
        }
        FILESTORE_TRY_ASSIGN(const auto next, capi::recorded_after(*call->verify, before));
        if (next) {
            capi::copy_id(*next, id);
        }
        return {};
    });
}

int32_t filestore_backend_call_is_recorded(filestore_backend_call* call, const char* id, int32_t* recorded,
                                           filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(recorded, "recorded"));
        FILESTORE_TRY(capi::require_verify(call));
        FILESTORE_TRY_ASSIGN(const FileId file, capi::parse_id(id));
        if (call->verify->record) {
            FILESTORE_TRY_ASSIGN(const bool is_stored, call->verify->record->is_stored(file));
            *recorded = is_stored;
        }
        return {};
    });
}

int32_t filestore_backend_call_set_outcome(filestore_backend_call* call, size_t index, int32_t code,
                                           int32_t removed, int32_t keeps_version, const char* message,
                                           filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(call, "call"));
        FILESTORE_TRY(capi::require_given(index < call->outcomes.size(), "file of that index"));
        FILESTORE_TRY_ASSIGN(std::string words, capi::optional_text(message, "message"));
        RemovalOutcome& outcome = call->outcomes[index];
        outcome.keeps_version = keeps_version != 0;
        outcome.removed = code == FILESTORE_OK
                              ? Result<bool>(removed != 0)
                              : capi::table_failure(code, std::move(words), false, "remove a file");
        return {};
    });
}

int32_t filestore_backend_call_add_id(filestore_backend_call* call, const char* id,
                                      filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(call, "call"));
        FILESTORE_TRY_ASSIGN(const FileId file, capi::parse_id(id));
        call->told_ids.push_back(file);
        return {};
    });
}

int32_t filestore_backend_call_set_kept(filestore_backend_call* call, uint64_t versions, uint64_t bytes,
                                        uint64_t orphan_markers, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(call, "call"));
        call->kept = {versions, bytes, orphan_markers};
        return {};
    });
}

int32_t filestore_backend_call_add_finding(filestore_backend_call* call, const char* id, const char* damage,
                                           const char* what, int32_t quarantined,
                                           filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require_verify(call));
        VerifyFinding finding;
        FILESTORE_TRY_ASSIGN(finding.id, capi::parse_id(id));
        FILESTORE_TRY_ASSIGN(const std::string_view name, capi::require_text(damage, "damage"));
        FILESTORE_TRY_ASSIGN(finding.damage, capi::damage_named(name));
        FILESTORE_TRY_ASSIGN(finding.what, capi::require_text(what, "what"));
        finding.quarantined = quarantined != 0;
        return capi::tell_finding(*call, finding);
    });
}

void filestore_backend_call_tell_progress(filestore_backend_call* call, uint64_t files_done,
                                          uint64_t files_total, uint64_t bytes_done) noexcept {
    capi::guard_run(call, [&](filestore_backend_call& handle) noexcept {
        if (handle.verify != nullptr) {
            const uint64_t total = files_total == FILESTORE_UNKNOWN_SIZE ? 0 : files_total;
            capi::tell_now_and_then(handle, {files_done, total, bytes_done});
        }
    });
}

int32_t filestore_backend_call_set_verified(filestore_backend_call* call, uint64_t files, uint64_t bytes,
                                            uint64_t unchecked, uint64_t in_quarantine, uint64_t under_way,
                                            filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require_verify(call));
        call->report.files = files;
        call->report.bytes = bytes;
        call->report.unchecked = unchecked;
        call->report.in_quarantine = in_quarantine;
        call->report.under_way = under_way;
        return {};
    });
}
