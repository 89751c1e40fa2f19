#include "export/exporter_parts.h"

#include <sys/stat.h>

#include <utility>
#include <vector>

#include "core/environment.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "export/awaited.h"

namespace filestore {

namespace {

Result<SecretString> key_of_environment(const provider::Profile& profile, const std::string& variable) {
    std::vector<std::string> names{variable};
    if (variable.empty()) {
        names.assign(profile.key_variables.begin(), profile.key_variables.end());
    }
    std::string wanted;
    for (const std::string& name : names) {
        if (name.empty()) {
            continue;
        }
        if (auto value = environment_variable(name.c_str())) {
            return SecretString(std::move(*value));
        }
        wanted += (wanted.empty() ? "" : " or ") + name;
    }
    return Error(ErrorCode::unauthenticated,
                 "there is no key of " + std::string(profile.name) + ": set " + wanted);
}

CopyState state_of(const CopyRow& row, Timestamp now) {
    if (row.is_damaged) {
        return CopyState::damaged;
    }
    if (row.is_being_sent) {
        return CopyState::sending;
    }
    if (row.removing_since) {
        return CopyState::removing;
    }
    if (row.provider_id.empty()) {
        return CopyState::unsettled;
    }
    return row.expires_at && *row.expires_at <= now ? CopyState::expired : CopyState::sent;
}

}  // namespace

Result<Catalogue*> CopyRecord::catalogue() {
    const std::lock_guard lock(mutex_);
    if (!catalogue_) {
        FILESTORE_TRY_ASSIGN(catalogue_, Catalogue::open(path_));
    }
    return catalogue_.get();
}

bool CopyRecord::is_there() {
    struct stat about = {};
    const std::lock_guard lock(mutex_);
    return catalogue_ != nullptr || ::stat(path_.c_str(), &about) == 0;
}

Result<void> CopyRecord::use(const std::function<Result<void>(SentCopies&)>& work) {
    FILESTORE_TRY_ASSIGN(Catalogue * record, catalogue());
    return record->use_sent_copies(work);
}

Result<void> CopyRecord::read(const std::function<Result<void>(SentCopies&)>& work) {
    if (!is_there()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue * record, catalogue());
    return record->read_sent_copies(work);
}

Result<std::optional<CopyRow>> CopyRecord::complete(std::int64_t number, const CompletedCopy& copy) {
    std::optional<CopyRow> row;
    FILESTORE_TRY(use([&](SentCopies& copies) -> Result<void> {
        FILESTORE_TRY_ASSIGN(row, copies.complete(number, copy));
        return {};
    }));
    return row;
}

Result<std::optional<CopyRow>> CopyRecord::complete_for_removal(std::int64_t number,
                                                                const CompletedCopy& copy) {
    std::optional<CopyRow> row;
    const auto complete_and_mark = [&](SentCopies& copies) -> Result<void> {
        FILESTORE_TRY(copies.mark_for_removal(number, copy.sent_at));
        FILESTORE_TRY_ASSIGN(row, copies.complete(number, copy));
        return {};
    };
    FILESTORE_TRY(use(complete_and_mark));
    return row;
}

Result<void> CopyRecord::forget(std::int64_t number) {
    return use([&](SentCopies& copies) { return copies.forget(number); });
}

Result<void> CopyRecord::leave(std::int64_t number, const Error& why) {
    return use([&](SentCopies& copies) { return copies.leave(number, why.message()); });
}

Result<void> CopyRecord::note_removed(std::int64_t number) {
    return use([&](SentCopies& copies) { return copies.note_removed(number); });
}

Result<void> CopyRecord::note_doubt(std::int64_t number) {
    return use([&](SentCopies& copies) { return copies.note_doubt(number); });
}

Result<void> CopyRecord::note_missed(std::int64_t number, Timestamp since) {
    return use([&](SentCopies& copies) { return copies.note_missed(number, since); });
}

Result<provider::Place> place_of(const ExporterParts& parts, const ExportTarget& target) {
    FILESTORE_TRY_ASSIGN(const provider::Profile* profile, provider::find_profile(target.profile));
    FILESTORE_TRY_ASSIGN(std::string base_url, provider::resolve_base_url(*profile, target.base_url,
                                                                          parts.options.allow_plain_http));
    return provider::Place{profile, std::move(base_url)};
}

Result<ProviderClient> client_of(const ExporterParts& parts, const provider::Place& place,
                                 const std::string& key_variable, const std::string& purpose,
                                 const CallOptions& limits) {
    const ExportTarget target{std::string(place.profile->name), place.base_url, key_variable};
    FILESTORE_TRY_ASSIGN(
        SecretString key,
        parts.options.key ? call_user(ErrorCode::unauthenticated, [&] { return parts.options.key(target); })
                          : key_of_environment(*place.profile, key_variable));
    FILESTORE_TRY_ASSIGN(provider::HeaderField header, provider::key_header(*place.profile, key));
    Correspondence with{parts.transport, place, std::move(header), {}, limits};
    with.secrets.push_back(std::move(key));
    return ProviderClient(std::move(with), {parts.options.retry, parts.options.clock}, purpose);
}

Result<FileInfo> look_at(const ExporterParts& parts, const FileId& id, const CallOptions& limits) {
    const auto info = std::make_shared<Awaited<Result<FileInfo>>>();
    FileRequest request;
    request.id = id;
    request.call.deadline = limits.deadline;
    request.call.cancel = limits.cancel;
    parts.options.backend->metadata_async(std::move(request),
                                          [info](Result<FileInfo> found) { info->give(std::move(found)); });
    return info->wait();
}

ProviderCopy copy_of(const CopyRow& row, Timestamp now) {
    ProviderCopy copy;
    copy.number = row.number;
    copy.id = row.id;
    copy.target = {row.profile, row.base_url, row.key_variable};
    copy.purpose = row.purpose;
    copy.provider_id = row.provider_id;
    copy.sent_name = row.sent_name;
    copy.state = state_of(row, now);
    copy.sent_at = row.sent_at;
    copy.expires_at = row.expires_at;
    copy.reason = row.reason;
    return copy;
}

bool is_at(const CopyRow& row, const provider::Place& place) {
    return row.profile == place.profile->name && row.base_url == place.base_url;
}

Result<std::optional<CopyRow>> adopt(const ExporterParts& parts, const ProviderClient& client,
                                     const CopyRow& row, std::optional<std::uint64_t> size) {
    FILESTORE_TRY_ASSIGN(const auto found, client.find_one(row.sent_name));
    if (!found) {
        return std::optional<CopyRow>();
    }
    const CompletedCopy copy{found->id, parts.options.clock->now(), found->expires_at};
    const bool is_cut = size && !provider::may_be_whole(*found, *size);
    return is_cut ? parts.record->complete_for_removal(row.number, copy)
                  : parts.record->complete(row.number, copy);
}

Error about_file(const Error& error, const FileId& id) {
    const bool is_named = error.message().find(id.text()) != std::string_view::npos;
    return is_named ? error : error.within("file " + id.str());
}

Error being_sent_error(const FileId& id) {
    ErrorDetails details;
    details.retryable = true;
    return {ErrorCode::conflict, "file " + id.str() + " is just being sent by somebody else",
            std::move(details)};
}

}  // namespace filestore
