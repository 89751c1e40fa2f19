#include "audit/postgrest/judgement.h"

#include <algorithm>
#include <string>
#include <utility>

#include "audit/postgrest/request.h"

namespace filestore::postgrest {
namespace {

/// A policy, or a trigger, may be of some rows only.
Refused not_permitted(const FileId& id, std::string_view what) {
    Error error(
        ErrorCode::permission_denied,
        "the audit server " + std::string(what) + " of file " + id.str() +
            ", as its policies of row-level security or a trigger have it: use the project's service "
            "key, or let the key insert, read and update rows; and name a table, not a view of some of "
            "its rows");
    return {Refusal::of_permission, std::move(error), {}, true};
}

Refused not_changed(const FileId& id) {
    return not_permitted(id, "accepts a change, and does not change the row");
}

/// Why there is no row to look at.
std::optional<Refused> fault_of(const SeenRow& seen) {
    if (seen.unreadable) {
        return Refused{Refusal::of_a_row, *seen.unreadable, {}};
    }
    return seen.row ? std::nullopt
                    : std::optional(not_permitted(seen.id, "accepts, and does not show, the row"));
}

bool is_kept_form(Timestamp kept, Timestamp at) {
    const auto forms = kept_forms_of(at);
    return std::find(forms.begin(), forms.end(), kept) != forms.end();
}

}  // namespace

std::optional<Refused> judge_inserted(const SeenRow& seen) {
    // One that cannot be read is there.
    return seen.unreadable ? std::nullopt : fault_of(seen);
}

std::optional<Refused> judge_marked(const SeenRow& seen, Timestamp deleted_at) {
    if (auto fault = fault_of(seen)) {
        return fault;
    }
    const auto& kept = seen.row->deleted_at;
    const bool is_claim = kept == claim_of(deleted_at) && !is_kept_form(*kept, deleted_at);
    return !kept || is_claim ? std::optional(not_changed(seen.id)) : std::nullopt;
}

std::optional<Refused> judge_taken_back(const SeenRow& seen, std::span<const Timestamp> undone) {
    if (auto fault = fault_of(seen)) {
        return fault;
    }
    const auto& kept = seen.row->deleted_at;
    const bool is_undone =
        kept && std::any_of(undone.begin(), undone.end(), [&](Timestamp at) {
            return *kept == claim_of(at) || *kept == trial_of(at) || is_kept_form(*kept, at);
        });
    return is_undone ? std::optional(not_changed(seen.id)) : std::nullopt;
}

}  // namespace filestore::postgrest
