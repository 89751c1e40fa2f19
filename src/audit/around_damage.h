#pragma once

/// Reads the rows of a table, or the entries of an index, that can be read: from both ends, and then from within what is left between.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "audit/sqlite.h"
#include "core/function_ref.h"
#include "core/try.h"
#include "filestore/result.h"

namespace filestore {

/// What a read is in the order of, which is its first column.
enum class SalvageKey {
    /// The number of a row. The statements take the first and the last one.
    number,
    /// The ID of a file: its first digits are taken for a number. The statements take the first ID, and the one behind the last.
    file_id,
    /// Anything else: only both ends are tried. The statements take no parameters.
    other,
};

/// How rows are read in the order of a key and back. A value; the SQL has static storage.
struct SalvageRead {
    const char* up;
    const char* down;
    SalvageKey key;
    /// Of numbers: where the last ones cannot be read, those up to this one are looked for.
    std::int64_t bound = std::numeric_limits<std::int64_t>::max();
};

/// A pure class: what the ranges of a key are in a statement.
class KeyRange {
public:
    [[nodiscard]] static KeyRange all(const SalvageRead& read) noexcept {
        return {0, read.key == SalvageKey::file_id ? last_prefix : std::numeric_limits<std::int64_t>::max()};
    }

    KeyRange(std::int64_t first, std::int64_t last) noexcept : first_(first), last_(last) {}

    [[nodiscard]] bool is_empty() const noexcept { return first_ > last_; }
    [[nodiscard]] bool can_be_halved() const noexcept { return first_ < last_; }
    [[nodiscard]] KeyRange lower_half() const noexcept { return {first_, middle()}; }
    [[nodiscard]] KeyRange upper_half() const noexcept { return {middle() + 1, last_}; }
    [[nodiscard]] std::int64_t first() const noexcept { return first_; }
    [[nodiscard]] std::int64_t last() const noexcept { return last_; }
    [[nodiscard]] std::string first_id() const { return first_ == 0 ? std::string() : prefix(first_); }
    [[nodiscard]] std::string id_behind() const { return last_ >= last_prefix ? "\x7f" : prefix(last_ + 1); }

    [[nodiscard]] static std::int64_t key_of_id(std::string_view id) noexcept {
        std::int64_t key = 0;
        std::from_chars(id.data(), id.data() + std::min(id.size(), digits), key, 16);
        return key;
    }

private:
    static constexpr std::size_t digits = 8;
    static constexpr std::int64_t last_prefix = 0xFFFFFFFF;

    [[nodiscard]] std::int64_t middle() const noexcept { return first_ + (last_ - first_) / 2; }
    [[nodiscard]] static std::string prefix(std::int64_t key) {
        std::string text(digits, '0');
        for (std::size_t at = digits; at > 0; key >>= 4) {
            text[--at] = "0123456789abcdef"[key & 0xF];
        }
        return text;
    }

    std::int64_t first_;
    std::int64_t last_;
};

/// Gives `take` the rows, some perhaps twice; Answers whether all could be read. One connection; one thread at a time.
class ReadAroundDamage {
public:
    using Take = FunctionRef<Result<void>(SqliteQuery&)>;

    ReadAroundDamage(SqliteConnection& damaged, const SalvageRead& read, Take take) noexcept
        : damaged_(damaged), read_(read), take_(take) {}

    [[nodiscard]] Result<bool> run() {
        std::deque<KeyRange> left{KeyRange::all(read_)};
        bool is_whole = true;
        for (int tries = 0; !left.empty() && tries < most_tries; ++tries) {
            const KeyRange range = left.front();
            left.pop_front();
            FILESTORE_TRY_ASSIGN(const KeyRange gap, read_both_ways(range));
            is_whole = is_whole && gap.is_empty();
            if (gap.can_be_halved() && read_.key != SalvageKey::other) {
                left.push_back(gap.lower_half());
                left.push_back(gap.upper_half());
            }
        }
        return is_whole;
    }

private:
    /// Enough for the pages that are whole between a thousand damaged ones.
    static constexpr int most_tries = 1 << 14;

    /// How far a pass came.
    struct Pass {
        bool is_whole = false;
        std::optional<std::int64_t> last{};
    };

    /// Answers what lies between.
    Result<KeyRange> read_both_ways(const KeyRange& range) {
        const KeyRange nothing(1, 0);
        FILESTORE_TRY_ASSIGN(const Pass up, pass(read_.up, range));
        if (up.is_whole) {
            return nothing;
        }
        const KeyRange rest(up.last ? *up.last + 1 : range.first(), range.last());
        FILESTORE_TRY_ASSIGN(const Pass down, pass(read_.down, rest));
        if (down.is_whole) {
            return nothing;
        }
        return read_.key == SalvageKey::other
                   ? KeyRange(0, 0)
                   : KeyRange(rest.first(),
                              down.last ? *down.last - 1 : std::min(rest.last(), last_looked_for()));
    }

    [[nodiscard]] std::int64_t last_looked_for() const noexcept {
        return read_.key == SalvageKey::number ? read_.bound : std::numeric_limits<std::int64_t>::max();
    }

    Result<Pass> pass(const char* sql, const KeyRange& range) {
        Pass pass;
        auto row = open(sql, range);
        if (!row.ok()) {
            return unless_damage(row.error(), pass);
        }
        for (;;) {
            const auto found = row->next();
            if (!found.ok()) {
                return unless_damage(found.error(), pass);
            }
            if (!*found) {
                pass.is_whole = true;
                return pass;
            }
            // What is damaged need not be in order.
            pass.last = std::clamp(key_of(*row), range.first(), range.last());
            FILESTORE_TRY(take_(*row));
        }
    }

    Result<SqliteQuery> open(const char* sql, const KeyRange& range) {
        switch (read_.key) {
            case SalvageKey::number:
                return damaged_.query(sql, range.first(), range.last());
            case SalvageKey::file_id:
                return damaged_.query(sql, range.first_id(), range.id_behind());
            case SalvageKey::other:
                break;
        }
        return damaged_.query(sql);
    }

    std::int64_t key_of(const SqliteQuery& row) const {
        return read_.key == SalvageKey::number ? row.number(0) : KeyRange::key_of_id(row.text(0));
    }

    static Result<Pass> unless_damage(const Error& failure, const Pass& pass) {
        return failure.code() == ErrorCode::corrupt ? Result<Pass>(pass) : failure;
    }

    SqliteConnection& damaged_;
    const SalvageRead& read_;
    Take take_;
};

}  // namespace filestore
