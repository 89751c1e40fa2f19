#pragma once

/// What a server has still to be told of, beside the catalogue and changed in its transactions.
///
/// An entry is a file: what is to be told of it is its row of `file_uploads`, as it is then. So there is one entry for a file, however much happens to it, and a sender that tells
/// a file's row tells its upload before its deletion or both together. An entry has a version: it goes only where nothing has happened to the file since it was taken.
///
/// A trigger of the catalogue makes an entry, or a new version of it, for every row that is changed, by whomsoever. Who records seals it with a checksum of the row; a row that does
/// not match is not told, but parked, as is what the server refuses. An older version of the library may leave an entry without a seal: its row is told as it is.
///
/// A deletion that was undone, and that the server may have been told of, stays noted beside the entry, and sealed with it, until the entry is delivered: the server's is taken back first.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/catalogue_row.h"
#include "audit/sqlite.h"
#include "filestore/audit.h"
#include "filestore/result.h"

namespace filestore {

/// An entry that was taken, to be told. A value.
struct OutboxEntry {
    std::int64_t number = 0;
    std::int64_t version = 0;
    /// Nobody made a request with anything of this file by way of this catalogue: the server has no row of it, unless another catalogue of the store told it, or another tool.
    bool never_told = false;
    CatalogueRow row;
    /// When it was deleted before; to be taken back where the server has it so.
    std::vector<Timestamp> undone{};
};

/// The outbox of a connection to a catalogue. A value (a reference); used inside a transaction, by one thread at a time.
class Outbox {
public:
    explicit Outbox(SqliteConnection& connection) noexcept : connection_(connection) {}

    /// The file's row was changed in this transaction. `never_told`: by its upload. Without an entry there is nothing to seal.
    [[nodiscard]] Result<void> seal(std::string_view file_id, bool never_told);
    /// As seal() for an upload that nothing was told of, with less to read: its row has this checksum.
    [[nodiscard]] Result<void> seal_upload(std::string_view file_id, std::int64_t checksum_of_row);

    /// The file's row was changed in this transaction by something of now, of which its times do not tell: an entry that was made for that waits since now.
    [[nodiscard]] Result<void> note_happened(std::string_view file_id, Timestamp now);

    /// The deletion that the file's row tells of is about to be undone in this transaction, by a change of the row. Nothing is noted where there is no server, or it knows nothing of the file.
    [[nodiscard]] Result<void> note_undone(std::string_view file_id);

    /// The first entries behind the one of a number, at most so many and of so many bytes, but one at least where there is any. They count as told from now on. Those of damaged rows are parked.
    [[nodiscard]] Result<std::vector<OutboxEntry>> take(std::int64_t behind, std::size_t most,
                                                        std::size_t most_bytes, Timestamp now);

    /// These were told.
    [[nodiscard]] Result<void> delivered(std::span<const OutboxEntry> entries);

    /// This one was refused.
    [[nodiscard]] Result<void> park(const OutboxEntry& entry, std::string_view reason, Timestamp now);

    /// 0 where there is no entry.
    [[nodiscard]] Result<std::int64_t> last_number();
    [[nodiscard]] Result<bool> has_up_to(std::int64_t number);
    /// Whether there are so many entries. Costs the same for any number, as long as few were delivered out of their order.
    [[nodiscard]] Result<bool> holds(std::uint64_t entries);
    [[nodiscard]] Result<bool> has(std::string_view file_id);
    /// Why the file is parked; nothing where it is not.
    [[nodiscard]] Result<std::optional<std::string>> reason_of(std::string_view file_id);

    [[nodiscard]] Result<AuditStatus> status();

    /// The first `most` parked files behind `after`, in the order of their IDs.
    [[nodiscard]] Result<std::vector<ParkedFile>> parked(std::string_view after, std::size_t most);

    /// Makes parked files entries again, with their rows as they are now: one, or all where `file_id` is empty. Answers how many; those without a row stay parked.
    [[nodiscard]] Result<std::uint64_t> retry(std::string_view file_id, Timestamp now);

    /// Notes that the file's row is to be told, as it is then, whether that was done before or not. Nothing is noted where there is no row.
    [[nodiscard]] Result<void> tell_again(std::string_view file_id, Timestamp now);

    /// Drops every entry, and what is parked. Answers how many files that were.
    [[nodiscard]] Result<std::uint64_t> drop();

private:
    struct Damaged {
        std::int64_t number;
        std::string file_id;
    };
    struct Page {
        std::vector<OutboxEntry> entries;
        std::vector<Damaged> damaged;
    };

    [[nodiscard]] Result<Page> read_page(std::int64_t behind, std::size_t most, std::size_t most_bytes);
    [[nodiscard]] Result<bool> retry_one(const std::string& file_id, Timestamp now);
    [[nodiscard]] Result<void> park_damaged(const Damaged& entry, Timestamp now);
    [[nodiscard]] Result<void> write_parked(std::string_view file_id, std::string_view reason, Timestamp now);
    [[nodiscard]] Result<std::int64_t> number_of(const char* sql);

    SqliteConnection& connection_;
};

}  // namespace filestore
