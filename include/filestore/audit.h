#pragma once

/// The audit trail of a Supabase project: every upload and deletion of a service is one row of its table `file_uploads`.
///
/// File operations never wait for the project, unless AuditOptions::strict has them do so. What they record in the catalogue is noted, in the same transaction, as not yet told; a thread that exists only while there is something
/// to tell delivers it in batches, again and again until the project has it, also in a later process. A row counts once, however often it is sent: the table needs a unique
/// `file_id` (examples/supabase/file_uploads.sql makes it). Several processes may share a catalogue; one of them sends at a time.
///
/// A catalogue that a service with a project has once recorded in has a project from then on: what a service without one records is noted as well, until
/// FileService::forget_audit_server().
///
/// The notes take some 100 bytes for a file, and never more than one note: the upload and the deletion of a file are told together where neither is told yet. The data to tell stays
/// in the catalogue. Nothing is dropped where the disk is full, or AuditOptions::most_pending is reached: what cannot be noted is not done (`no_space`).
///
/// A `deleted_at` that is there stays, but for one of ours that was taken back (soft_delete.h). Where more than 16 deletions are told together, and the table lets rows be changed so, a row's may for a moment be the seventh second of the hour of its own: triggers that log changes see it; what somebody else
/// changes in such a row in that moment may be lost, and a row that he removes may come again.
///
/// What the project says that it wrote is counted, and a row that it did not write is looked at. One that is deleted already is as it must be. One that is still as it was, or is not shown, as row-level security or a trigger has it, counts as a missing
/// permission: `permission_denied`. The times of a column with fewer digits than ours (`timestamp(3)`, `date`) are what it keeps of them.
///
/// A file that the table refuses (a trigger, a NUL in its metadata), or whose row in the catalogue is damaged, is parked and keeps no other from being told. A refused key, a missing permission
/// and a table that is not as it must be keep everything waiting until they are mended. A trigger may raise the same codes (SQLSTATE 22023, 42501 and the like) for one row: that one is parked where
/// the table takes others like it; the row of a constraint (classes 22, 23, P0), too. A row that fails for now (a lock, a statement that takes too long, SQLSTATE 57014 and the like) is told again by itself, at most a minute later, and keeps no other waiting either.
///
/// All types of this header are values: any thread may read one while none changes it.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "filestore/call.h"
#include "filestore/error.h"
#include "filestore/file_id.h"
#include "filestore/metadata.h"
#include "filestore/secret.h"
#include "filestore/time.h"

namespace filestore {

struct AuditOptions {
    /// "https://PROJECT.supabase.co". Empty: SUPABASE_URL, and where that is not set, no project is told. "off": none, whatever the environment says.
    std::string url{};
    /// The project's service key. Empty: SUPABASE_KEY. It is in no message.
    SecretString key{};
    /// Letters, digits and `_`.
    std::string table = "file_uploads";
    /// The certificates to trust (PEM); the system's where it is empty.
    std::string ca_file{};
    /// Allows a URL without TLS of another machine than this one: whoever is on the way reads the key.
    bool allow_plain_http = false;
    /// Uploads, deletions and cleanups answer once the project was told of them: for that they wait 30 seconds, or until their deadline where that comes before, and then fail with
    /// `not_delivered`. What they did is done and recorded all the same, and stays noted; the message names the file and what keeps the project from being told.
    bool strict = false;
    /// Where so many files wait to be told of, nothing more is stored: uploads fail with `no_space`, before anything is stored, until the project was told of some. Deletions go on: they make at most one note for each file
    /// that there is. Uploads that are under way at the same time may pass the bound by their number. 0: only the disk is a bound.
    std::uint64_t most_pending = 0;
    /// Called on a library thread, never twice at a time, with what keeps files from being told of, when that changes (by its code, ErrorDetails::http_status and ErrorDetails::server_code), and not for each attempt; with nothing
    /// once an attempt has gone through, the first one of a service included. Nothing is sent meanwhile. While another process sends it is that one's. Of parked files see AuditStatus.
    std::function<void(const std::optional<Error>&)> on_delivery{};
};

struct AuditStatus {
    /// Files of which something is still to be told.
    std::uint64_t pending = 0;
    /// How often something of a file was told, since the catalogue was made.
    std::uint64_t delivered = 0;
    std::uint64_t parked = 0;
    /// When what has waited longest happened.
    std::optional<Timestamp> oldest{};

    friend bool operator==(const AuditStatus&, const AuditStatus&) = default;
};

/// A file that could not be told of.
struct ParkedFile {
    /// As it stands in the catalogue, which may be damaged.
    std::string file_id{};
    Timestamp parked_at{};
    std::string reason{};
};

/// What is recorded of a file. An audit server's row of more than 4 MiB comes without its metadata.
struct FileHistory {
    FileId id{};
    std::string file_path{};
    Metadata metadata{};
    /// Where only the deletion was recorded, when the store had the file from. Nothing where nobody knew that, and the table sets no time of its own (that of examples/supabase does: when it was told).
    std::optional<Timestamp> uploaded_at{};
    /// Nothing for a file that is stored.
    std::optional<Timestamp> deleted_at{};
};

struct RecordedFilesRequest {
    /// Files that were uploaded before this; all where it is nothing.
    std::optional<Timestamp> uploaded_before{};
    /// Where to go on: `RecordedFilesPage::next` of the page before; empty for the first.
    std::string cursor{};
    /// The most files to answer, 1 to 1000.
    std::uint32_t limit = 1000;
    /// `call.progress` is not used.
    CallOptions call{};
};

struct RecordedFilesPage {
    /// In the order of the times of their uploads, and of their IDs where those are the same. May be fewer than asked for, or none, although more follow.
    std::vector<FileHistory> files{};
    /// The cursor of the next page; nothing after the last.
    std::optional<std::string> next{};
};

struct CataloguedFilesRequest {
    /// Files behind this one, which may have been deleted since; from the first where it is nothing.
    std::optional<FileId> behind{};
    /// In the order of the times of their uploads, and of their IDs where those are the same: the newest first, or the oldest.
    bool newest_first = false;
    /// Where it is not empty: only files whose metadata has this key.
    std::string key{};
    /// Where there is one: only files that it wants. Called on a library thread; must not block.
    std::function<bool(const FileHistory&)> wants{};
    /// The most files to look at, 1 to 1000.
    std::uint32_t limit = 1000;
    /// `call.progress` is not used.
    CallOptions call{};
};

struct CataloguedFilesPage {
    /// May be fewer than asked for, or none, although more follow.
    std::vector<FileHistory> files{};
    /// Where to go on; nothing after the last page.
    std::optional<FileId> next{};
};

struct ParkedRequest {
    /// Files behind this one; from the first where it is empty.
    std::string after{};
    /// 1 to 1000.
    std::uint32_t limit = 1000;
    CallOptions call{};
};

struct RetryParkedRequest {
    /// Which file; all where it is empty.
    std::string file_id{};
    CallOptions call{};
};

struct FlushRequest {
    /// `call.progress` is not used.
    CallOptions call{};
};

}  // namespace filestore
