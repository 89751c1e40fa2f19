#pragma once

/// `StorageBackend::verify()`: reads the files of a whole store and tells which of them are damaged.
///
/// All structs and enumerations of this header are values: any thread may read one while none changes it. StoreRecord is a resource and
/// thread-safe.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/call.h"
#include "filestore/export.h"
#include "filestore/file_id.h"
#include "filestore/result.h"

namespace filestore {

/// What is wrong with a file.
enum class Damage {
    /// Its bytes are not those that were stored, or its metadata cannot be read.
    corrupt,
    /// Its bytes are gone, although it is recorded as stored; or its metadata is. What may still be on its way is VerifyReport::under_way.
    missing,
    /// Metadata of no file: nothing is lost, and nobody asks for it. A crash can leave it.
    orphaned,
    /// Neither sound nor damaged as far as can be told: the system does not let it be read.
    unreadable,
};

/// "corrupt", "missing", "orphaned", "unreadable".
[[nodiscard]] FILESTORE_API std::string_view to_string(Damage damage) noexcept;

struct VerifyFinding {
    FileId id{};
    Damage damage = Damage::corrupt;
    /// One line: what is wrong.
    std::string what{};
    /// What is there of the file has been moved to the quarantine (VerifyRequest::repair).
    bool quarantined = false;
};

struct VerifyProgress {
    /// Looked at, those of the run that is gone on with included.
    std::uint64_t files_done = 0;
    /// About how many there are; 0 where that is not known.
    std::uint64_t files_total = 0;
    std::uint64_t bytes_done = 0;
};

/// What is recorded of a store's files, which is compared with what is there. Its functions block.
class FILESTORE_API StoreRecord {
public:
    StoreRecord() = default;
    StoreRecord(const StoreRecord&) = delete;
    StoreRecord& operator=(const StoreRecord&) = delete;
    virtual ~StoreRecord();

    /// The first `most` IDs after `after` (from the first on where that is nil), in order, of files that are recorded as stored, and that nobody is storing or removing.
    [[nodiscard]] virtual Result<std::vector<FileId>> stored_after(const FileId& after, std::size_t most) = 0;

    /// Whether the file is one of them now.
    [[nodiscard]] virtual Result<bool> is_stored(const FileId& id) = 0;
};

struct VerifyRequest {
    /// Moves what is there of a damaged file, and orphaned metadata, out of the store: to a quarantine, which has the layout of a store itself. Nothing is deleted
    /// or overwritten. A file that is `unreadable` stays.
    bool repair = false;
    /// Goes on where a run that was ended has come to, also one that was killed: its findings are told again. From the beginning where there is no such run, or where it
    /// did not repair and this one does. A run that is not to go on starts anew.
    bool resume = false;
    /// How many files are read at a time, 1 to 64.
    unsigned parallel = 4;
    /// Called for every damaged file, in the order of their IDs, on a library thread, never twice at a time. A failure ends the run and
    /// comes back unchanged.
    std::function<Result<void>(const VerifyFinding&)> on_finding{};
    /// Called at most about ten times a second and once at the end, as on_finding is. It must be quick and must not block or throw.
    std::function<void(const VerifyProgress&)> progress{};
    /// A FileService sets its own. Without one, no file is known to be missing whose metadata is gone as well.
    std::shared_ptr<StoreRecord> record{};
    /// `call.progress` is not used.
    CallOptions call{};
};

/// How a whole run went, those that it goes on with included.
struct VerifyReport {
    /// Looked at.
    std::uint64_t files = 0;
    /// Read.
    std::uint64_t bytes = 0;
    /// Of the files: sound as far as can be told, but nobody has kept a checksum of their bytes.
    std::uint64_t unchecked = 0;
    std::uint64_t corrupt = 0;
    std::uint64_t missing = 0;
    std::uint64_t orphaned = 0;
    std::uint64_t unreadable = 0;
    /// Recorded as stored, and in the quarantine since an earlier run.
    std::uint64_t in_quarantine = 0;
    /// Of the files: without whole metadata as yet, not recorded as stored, and changed less than an hour ago. A program that takes no locks, such as the
    /// original system, may be storing them: they are no damage, and stay.
    std::uint64_t under_way = 0;

    /// Whether nothing was found.
    [[nodiscard]] bool sound() const noexcept { return corrupt + missing + orphaned + unreadable == 0; }

    friend bool operator==(const VerifyReport&, const VerifyReport&) = default;
};

}  // namespace filestore
