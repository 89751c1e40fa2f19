#include "audit/postgrest/rows.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/json.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore::postgrest {
namespace {

using Columns = std::map<std::string, std::string, std::less<>>;

/// Gathers the rows of an array of flat objects whose values are texts or null. Answers events of a reader: false ends the parsing.
class RowGatherer {
public:
    bool Null() { return in_row_; }
    bool Bool(bool) { return false; }
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }
    bool RawNumber(const char*, rj::SizeType, bool) { return false; }
    bool String(const char* text, rj::SizeType size, bool) {
        if (in_row_) {
            rows_.back()[key_] = std::string(text, size);
        }
        return in_row_;
    }
    bool Key(const char* text, rj::SizeType size, bool) {
        key_.assign(text, size);
        return true;
    }
    bool StartObject() {
        const bool may_begin = in_list_ && !in_row_;
        in_row_ = true;
        rows_.emplace_back();
        return may_begin;
    }
    bool EndObject(rj::SizeType) {
        in_row_ = false;
        return true;
    }
    bool StartArray() { return !std::exchange(in_list_, true); }
    bool EndArray(rj::SizeType) { return true; }

    [[nodiscard]] const std::vector<Columns>& rows() const noexcept { return rows_; }

private:
    bool in_list_ = false;
    bool in_row_ = false;
    std::string key_;
    std::vector<Columns> rows_;
};

std::string_view text_of(const Columns& columns, std::string_view name) {
    const auto found = columns.find(name);
    return found == columns.end() ? std::string_view() : std::string_view(found->second);
}

/// Of the years that have more digits than ours, as "10000-01-01T00:00:00+00:00".
bool is_of_a_later_year(std::string_view text) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    return digits > 4 && digits < text.size() && text[digits] == '-' && !text.ends_with("BC");
}

std::optional<Timestamp> end_of_times(std::string_view text) {
    if (text == "-infinity") {
        return least_time;
    }
    return text == "infinity" || is_of_a_later_year(text) ? std::optional(greatest_time) : std::nullopt;
}

/// False where there is something that is no time.
bool read_time(const Columns& columns, std::string_view name, std::optional<Timestamp>& time) {
    const std::string_view text = text_of(columns, name);
    if (text.empty()) {
        return true;
    }
    if (const auto end = end_of_times(text)) {
        time = *end;
        return true;
    }
    auto parsed = parse_timestamp(text);
    // Of a column without a time zone, or of dates.
    for (const char* rest : {"Z", "T00:00:00Z"}) {
        if (!parsed.ok()) {
            parsed = parse_timestamp(std::string(text) + rest);
        }
    }
    if (parsed.ok()) {
        time = *parsed;
    }
    return parsed.ok();
}

Error no_rows() {
    return {ErrorCode::corrupt, "the audit server's answer holds no rows of the table"};
}

Error no_times(const Columns& columns) {
    return {ErrorCode::corrupt, "the audit server's row of file " + quoted(text_of(columns, "file_id")) +
                                    " has a time that is none, uploaded_at " +
                                    quoted(text_of(columns, "uploaded_at")) + ", deleted_at " +
                                    quoted(text_of(columns, "deleted_at")) + ": correct the row"};
}

/// Of one whose `file_id` is an ID of ours. Nothing where a time cannot be read.
std::optional<CatalogueRow> row_of(const FileId& id, const Columns& columns) {
    CatalogueRow row;
    row.id = id;
    row.file_path = text_of(columns, "file_path");
    if (auto metadata = Metadata::parse(text_of(columns, "metadata")); metadata.ok()) {
        row.metadata = std::move(*metadata);
    }
    const bool has_times = read_time(columns, "uploaded_at", row.uploaded_at) &&
                           read_time(columns, "deleted_at", row.deleted_at);
    return has_times ? std::optional(std::move(row)) : std::nullopt;
}

RowPlace place_of(const Columns& columns) {
    std::optional<Timestamp> time;
    RowPlace place;
    place.file_id = text_of(columns, "file_id");
    if (!read_time(columns, "uploaded_at", time)) {
        place.no_time = text_of(columns, "uploaded_at");
    }
    place.uploaded_at = time.value_or(Timestamp());
    return place;
}

}  // namespace

Result<RowPage> read_page(std::string_view body) {
    RowGatherer gatherer;
    rj::MemoryStream stream(body.data(), body.size());
    rj::GenericReader<rj::UTF8<>, rj::UTF8<>, JsonAllocator> reader;
    constexpr unsigned flags = rj::kParseIterativeFlag | rj::kParseValidateEncodingFlag;
    if (reader.Parse<flags>(stream, gatherer).IsError()) {
        return no_rows();
    }
    RowPage page;
    for (const Columns& columns : gatherer.rows()) {
        const auto id = FileId::parse(text_of(columns, "file_id"));
        if (!id.ok()) {
            continue;
        }
        if (auto row = row_of(*id, columns)) {
            page.rows.push_back(std::move(*row));
        } else {
            page.untimed.push_back({*id, no_times(columns)});
        }
    }
    if (!gatherer.rows().empty()) {
        page.last = place_of(gatherer.rows().back());
    }
    return page;
}

}  // namespace filestore::postgrest
