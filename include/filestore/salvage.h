#pragma once

/// `salvage_catalogue()`: takes what can still be read of a damaged catalogue into a new one, which then stands in its place.
///
/// Read are its rows of files, operations under way, what the audit server is still to be told of, what that refused, which files can be had back (soft_delete.h), and which copies providers have (file_exporter.h), also from between pages that are damaged; but not what stands below a damaged inner page of a table. A row
/// counts where it is whole: its values are such as the library writes, and its checksum matches, where it has one. What else is known of is told of, by the file's ID:
/// - The audit server is to be told of a file, the note is damaged, and the file's row is there: the file is parked (audit.h), and a retry tells it as it is. Where it was parked, it stays so.
/// - A file can be had back, and the mark is damaged: its bytes are kept, and undelete() gives it back. Where the file's row is lost, it gets one that says that it was deleted at the time of this call.
/// - A provider has a copy of a file, and the note is damaged: it is forgotten, and nobody removes the copy but its owner.
/// - Anything else is for reconcile() to find: a file of the store without a row, or one that the audit server was not told of.
///
/// The damaged file is kept: it stands, with its write-ahead log, in the directory that SalvageReport::set_aside names. A catalogue that is whole stays as it is. No other process may have the catalogue open,
/// nor this one. A call that was ended on its way is made again; until then nobody opens the catalogue.
///
/// All types of this header are values: any thread may read one while none changes it.

#include <cstdint>
#include <functional>
#include <string>

#include "filestore/export.h"
#include "filestore/result.h"

namespace filestore {

struct ServiceOptions;

/// A row that was there, but cannot be read as it was.
struct UnreadableRow {
    /// "file_uploads", "intents", "outbox", "parked", "soft_deleted" or "provider_copies".
    std::string table{};
    std::string file_id{};
};

struct SalvageRequest {
    /// Called for each of them, before the new catalogue takes the place of the damaged one, on the thread of the call. A failure ends the call and comes back unchanged; nothing was changed then.
    std::function<Result<void>(const UnreadableRow&)> on_unreadable{};
};

struct SalvagedRows {
    std::uint64_t salvaged = 0;
    /// Rows of which it is known that they were there; each was told of.
    std::uint64_t unreadable = 0;
    /// Some of what held these rows could not be read: more may have been there.
    bool has_gap = false;

    friend bool operator==(const SalvagedRows&, const SalvagedRows&) = default;
};

struct SalvageReport {
    /// False where the catalogue is whole, and nothing was done.
    bool was_damaged = false;
    SalvagedRows files{};
    SalvagedRows intents{};
    SalvagedRows outbox{};
    SalvagedRows parked{};
    SalvagedRows soft_deleted{};
    SalvagedRows provider_copies{};
    /// The directory with what is damaged.
    std::string set_aside{};

    friend bool operator==(const SalvageReport&, const SalvageReport&) = default;
};

/// Of the catalogue that a service with these options would open; it blocks. Failures to act on: `not_found` (there is no catalogue), `unavailable` (somebody has it open), `configuration` (the options name none, or a newer
/// version of the library has written it), `corrupt` (it is a file of something else), `no_space` (twice the size of the catalogue is needed), `permission_denied`, `io`.
[[nodiscard]] FILESTORE_API Result<SalvageReport> salvage_catalogue(const ServiceOptions& options,
                                                                    const SalvageRequest& request = {});

}  // namespace filestore
