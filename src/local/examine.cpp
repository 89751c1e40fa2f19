#include "local/examine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "core/call_limits.h"
#include "core/checksum/checksum.h"
#include "core/stored_metadata.h"
#include "core/try.h"
#include "local/places.h"
#include "local/quarantine.h"
#include "local/stored_file.h"

namespace filestore::local {

namespace {

/// A failure to read a file is a finding, unless it is one of the process or of the call.
Result<Examined> finding_of(Examined examined, const FileId& id, const Error& error) {
    switch (error.code()) {
        case ErrorCode::cancelled:
        case ErrorCode::timeout:
        case ErrorCode::no_memory:
            return error;
        default:
            break;
    }
    if (error.retryable()) {
        return error;
    }
    // A link or a directory in place of the metadata is an invalid argument.
    const bool is_damaged = error.code() == ErrorCode::corrupt || error.code() == ErrorCode::invalid_argument;
    const Damage damage = is_damaged ? Damage::corrupt : Damage::unreadable;
    examined.is_known = true;
    examined.is_there = true;
    examined.finding = VerifyFinding{id, damage, std::string(error.message()), false};
    return examined;
}

Result<bool> has_sidecar(const Store& store, const FileId& id) {
    const bool found = look_for(store, id, Part::sidecar, [](int directory, const char* name) {
        struct ::stat status {};
        return ::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    });
    if (!found && errno != ENOENT) {
        return reading_error(errno, "cannot look at the metadata of file " + id.str() + " " + store.place());
    }
    return found;
}

Result<Examined> without_data(const Store& store, const FileId& id, const IsRecorded& is_recorded) {
    const auto sidecar = has_sidecar(store, id);
    if (!sidecar.ok()) {
        return finding_of({}, id, sidecar.error());
    }
    const bool has_metadata = *sidecar;
    FILESTORE_TRY_ASSIGN(const bool recorded, is_recorded());
    Examined examined;
    examined.is_there = has_metadata;
    examined.is_known = has_metadata || recorded;
    if (has_metadata && !recorded) {
        examined.finding = VerifyFinding{id, Damage::orphaned, "there is metadata of no file", false};
        return examined;
    }
    if (!recorded) {
        return examined;
    }
    FILESTORE_TRY_ASSIGN(examined.is_in_quarantine, is_in_quarantine(store, id));
    if (has_metadata || !examined.is_in_quarantine) {
        examined.is_in_quarantine = false;
        examined.finding =
            VerifyFinding{id, Damage::missing,
                          has_metadata ? "it is recorded as stored and has metadata, but its bytes are gone"
                                       : "it is recorded as stored, but nothing of it is there",
                          false};
    }
    return examined;
}

/// Reads to the end; answers the number of bytes.
Result<std::uint64_t> read_through(const Descriptor& file, std::optional<Checksum>& running,
                                   std::span<std::byte> buffer, const CallOptions& limits,
                                   const std::string& what) {
    std::uint64_t size = 0;
    while (true) {
        FILESTORE_TRY(check_call_limits(limits.cancel, limits.deadline));
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return reading_error(errno, what);
        }
        if (got == 0) {
            return size;
        }
        size += static_cast<std::uint64_t>(got);
        if (running) {
            running->update(buffer.first(static_cast<std::size_t>(got)));
        }
    }
}

Error wrong_size(const StoredFile& stored, std::uint64_t size) {
    return {ErrorCode::corrupt, "it has " + std::to_string(stored.info.size) + " bytes, of which " +
                                    std::to_string(size) + " can be read"};
}

Error wrong_checksum(const ChecksumValue& kept, const ChecksumValue& found) {
    return {ErrorCode::corrupt, "its bytes are not those that were stored: their " +
                                    std::string(to_string(kept.algorithm)) + " is " + found.text() +
                                    " and was " + kept.text()};
}

/// Metadata of another kind than ours is whole, too.
bool is_whole(const Result<std::string>& json) {
    return json.ok() ? StoredMetadata::read(*json).ok() : json.error().code() != ErrorCode::not_found;
}

/// The time of the last change of whatever kind: nobody can set it, as the other times can be.
Result<bool> has_changed_since(const Store& store, const FileId& id, Part part, Timestamp time) {
    struct ::stat status {};
    const bool found = look_for(store, id, part, [&status](int directory, const char* name) {
        return ::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    });
    if (!found && errno != ENOENT) {
        return reading_error(errno, "cannot look at file " + id.str() + " " + store.place());
    }
    return found && std::chrono::seconds(status.st_ctim.tv_sec) >= time.time_since_epoch();
}

Result<std::uint64_t> compare(const Store& store, const StoredFile& stored, std::span<std::byte> buffer,
                              const CallOptions& limits) {
    FILESTORE_TRY_ASSIGN(const OpenFile file, open_file(store, stored.info.id));
    std::optional<Checksum> running;
    if (stored.checksum) {
        running.emplace(stored.checksum->algorithm);
    }
    FILESTORE_TRY_ASSIGN(const std::uint64_t size,
                         read_through(file.descriptor, running, buffer, limits,
                                      "cannot read file " + stored.info.id.str() + " " + store.place()));
    if (size != stored.info.size) {
        return wrong_size(stored, size);
    }
    if (running) {
        const ChecksumValue found = running->finish();
        if (found != *stored.checksum) {
            return wrong_checksum(*stored.checksum, found);
        }
    }
    return size;
}

}  // namespace

Result<Examined> examine(const Store& store, const FileId& id, const IsRecorded& is_recorded,
                         std::span<std::byte> buffer, const CallOptions& limits) {
    Examined examined;
    const auto status = find_file(store, id);
    if (!status.ok()) {
        return finding_of(std::move(examined), id, status.error());
    }
    if (!*status) {
        return without_data(store, id, is_recorded);
    }
    examined.is_known = true;
    examined.is_there = true;
    const auto json = read_sidecar_text(store, id);
    const auto stored = json.ok() ? stored_file_of(store, id, **status, *json) : json.error();
    examined.lacks_metadata = !stored.ok() && !is_whole(json);
    if (!stored.ok() && stored.error().code() == ErrorCode::not_found) {
        examined.finding = VerifyFinding{id, Damage::missing, "its metadata is gone", false};
        return examined;
    }
    if (!stored.ok()) {
        return finding_of(std::move(examined), id, stored.error());
    }
    const auto size = compare(store, *stored, buffer, limits);
    if (!size.ok()) {
        return finding_of(std::move(examined), id, size.error());
    }
    examined.bytes = *size;
    examined.is_unchecked = !stored->checksum;
    return examined;
}

Result<bool> has_changed_since(const Store& store, const FileId& id, Timestamp time) {
    FILESTORE_TRY_ASSIGN(const bool has_new_data, has_changed_since(store, id, Part::data, time));
    return has_new_data ? Result<bool>(true) : has_changed_since(store, id, Part::sidecar, time);
}

}  // namespace filestore::local
