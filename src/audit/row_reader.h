#pragma once

/// Reads the table of a project, in pages that no limit of the server cuts. A row that is larger than `most_bytes_of_reply` has no metadata.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "audit/audit_server.h"
#include "audit/postgrest/page_request.h"
#include "audit/postgrest/rows.h"

namespace filestore {

/// A value (a reference and limits); blocks, and fails, as AuditServer::ask(), and with `corrupt` for an answer that holds no rows.
class RowReader {
public:
    RowReader(AuditServer& server, CallOptions limits) : server_(server), limits_(std::move(limits)) {}

    /// Whether what is not in an answer is not in the table: a key from which row-level security hides every row gets empty answers. Changes nothing. `permission_denied` where the key is shown no row, and may not write
    /// and read one.
    [[nodiscard]] Result<void> check_sight(Timestamp now);

    /// Nothing where there is no row.
    [[nodiscard]] Result<std::optional<CatalogueRow>> row(const FileId& id);

    /// Those rows of the files that there are, without metadata, in no order; a few requests at a time. Without a last one.
    [[nodiscard]] Result<postgrest::RowPage> rows_of(std::span<const FileId> ids);

    /// A page of files that were uploaded before a time and are not deleted; see page_request.h. It is the end where `last` is nothing.
    [[nodiscard]] Result<postgrest::RowPage> uploaded_before(Timestamp before,
                                                             const std::optional<postgrest::RowPlace>& behind,
                                                             postgrest::Detail detail, std::size_t most);

    /// The same of all rows, without metadata. `corrupt` for one without a time; `configuration` where the table does not sort IDs of ours as texts of bytes.
    [[nodiscard]] Result<postgrest::RowPage> by_id(const std::optional<postgrest::RowPlace>& behind,
                                                   std::size_t most);

    /// Takes the `deleted_at` of a row away where it is that time. `permission_denied` where the row may not be changed.
    [[nodiscard]] Result<void> clear_deleted(const FileId& id, Timestamp at);

private:
    template <class MakeRequest>
    [[nodiscard]] Result<postgrest::RowPage> page(std::size_t most, postgrest::Detail detail,
                                                  const MakeRequest& make);
    /// Takes the IDs of the answer from those that were asked for; answers whether there were any.
    [[nodiscard]] static Result<bool> take_rows(const std::string& body, std::vector<FileId>& asked,
                                                postgrest::RowPage& rows);

    AuditServer& server_;
    const CallOptions limits_;
};

}  // namespace filestore
