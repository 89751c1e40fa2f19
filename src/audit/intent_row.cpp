#include "audit/intent_row.h"

#include <algorithm>
#include <array>
#include <utility>

#include "audit/row_checksum.h"
#include "audit/sqlite.h"
#include "core/stored_metadata.h"

namespace filestore {
namespace {

constexpr std::array operation_names{
    std::pair(Operation::upload, std::string_view("upload")),
    std::pair(Operation::removal, std::string_view("removal")),
    std::pair(Operation::undo, std::string_view("undo")),
};

std::optional<Operation> operation_named(std::string_view name) {
    for (const auto& [operation, own_name] : operation_names) {
        if (own_name == name) {
            return operation;
        }
    }
    return std::nullopt;
}

}  // namespace

std::string_view name_of(Operation operation) noexcept {
    const auto* found = std::find_if(operation_names.begin(), operation_names.end(),
                                     [&](const auto& entry) { return entry.first == operation; });
    return found->second;
}

std::optional<Intent> read_intent(const SqliteQuery& row, int first) {
    const auto operation = operation_named(row.text(first + 3));
    auto id = FileId::parse(row.text(first + 2));
    auto metadata = StoredMetadata::read(row.text(first + 5));
    auto begun_at = parse_timestamp(row.text(first + 6));
    const bool is_sealed = !row.is_null(first + 7) && row.number(first + 7) != unsealed_intent;
    const bool is_as_sealed =
        !is_sealed || row.number(first + 7) == checksum_of_intent(row.text(first + 2), row.text(first + 3),
                                                                  row.text(first + 4), row.text(first + 5),
                                                                  row.text(first + 6));
    if (!operation || !id.ok() || !metadata.ok() || !begun_at.ok() || !is_as_sealed) {
        return std::nullopt;
    }
    Intent intent;
    intent.number = row.number(first);
    intent.id = *id;
    intent.operation = *operation;
    intent.file_path = row.text(first + 4);
    intent.metadata = std::move(*metadata);
    intent.begun_at = *begun_at;
    return intent;
}

}  // namespace filestore
