#pragma once

/// `FileService::reconcile()`: finds where the store, the catalogue and the audit server disagree, and repairs that.
///
/// What is in the store decides: a file that is there is recorded as stored, and one that is not there as deleted. Repairs change records only; no file is ever removed, written or moved. A file in
/// the quarantine (see verify.h) is not there, and neither is one that is deleted and can be had back (soft_delete.h), unless the audit server has it as stored. Without an audit server, store and catalogue are compared.
///
/// Of a file whose bytes are there and whose metadata is lost, what does not agree is found and not repaired: its `reason` is `corrupt`.
///
/// Files that are being stored or removed meanwhile, and those of which something still waits to be told to the audit server or is parked, are left out: what comes of that is for the next run to see.
/// Repairs go through the catalogue and are told in the background, as all that is recorded; a deletion that only the audit server has is taken back there at once.
/// Where the server shows no row of its table, and the key may not write and read one either, it perhaps hides its rows from that key: `permission_denied`.
///
/// A catalogue that was lost, or moved away as it is damaged, is made anew from the store and the audit server. What only the old one knew is lost: a file whose deletion was still to be told is recorded as deleted at the time of
/// the repair, where the server has its upload, and is not told of at all where it has not; and files that were deleted and could be had back (soft_delete.h) are recorded as stored again, at the server too, as their bytes are
/// there: delete them again. So have salvage_catalogue() (salvage.h) look first for what can still be read of one that is damaged.
///
/// Memory does not grow with the store: store, catalogue and table are gone through side by side, in the order of the IDs. A table, and a catalogue, are of one store.
///
/// All types of this header are values: any thread may read one while none changes it.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "filestore/call.h"
#include "filestore/export.h"
#include "filestore/file_id.h"
#include "filestore/result.h"

namespace filestore {

enum class Drift {
    /// The file is there, and the catalogue has no row of it. It gets one.
    unrecorded,
    /// The file is there, and recorded as deleted by the catalogue or the audit server. It is recorded as stored again.
    marked_deleted,
    /// The file is recorded as stored by the catalogue, or where that does not know it by the audit server, and is not there. It is recorded as deleted.
    missing,
    /// The audit server lacks the row of a file, or its deletion, which the catalogue has. It is told again.
    untold,
};

/// "unrecorded", "marked_deleted", "missing", "untold".
[[nodiscard]] FILESTORE_API std::string_view to_string(Drift drift) noexcept;

struct DriftFinding {
    FileId id{};
    Drift drift = Drift::unrecorded;
    /// One line: who says what.
    std::string what{};
    /// Always false in a run that does not repair.
    bool repaired = false;
    /// Why it could not be looked at, or repaired.
    std::optional<Error> reason{};
};

struct ReconcileRequest {
    /// Without it nothing is changed, but told what would be.
    bool repair = false;
    /// Called for every finding, in the order of their IDs, on a library thread, never twice at a time. A failure ends the run and comes back unchanged; what was repaired stays so.
    std::function<Result<void>(const DriftFinding&)> on_finding{};
    /// `call.progress` is not used.
    CallOptions call{};
};

struct ReconcileReport {
    /// In the store.
    std::uint64_t files = 0;
    std::uint64_t unrecorded = 0;
    std::uint64_t marked_deleted = 0;
    std::uint64_t missing = 0;
    std::uint64_t untold = 0;
    /// Of the findings.
    std::uint64_t repaired = 0;
    /// Of the findings: they have a reason.
    std::uint64_t failed = 0;
    /// Files that may be findings, but were left out.
    std::uint64_t left_out = 0;

    /// Whether nothing was found that is not repaired.
    [[nodiscard]] bool agrees() const noexcept {
        return unrecorded + marked_deleted + missing + untold == repaired;
    }

    friend bool operator==(const ReconcileReport&, const ReconcileReport&) = default;
};

}  // namespace filestore
