#include "s3/resumable/upload_state.h"

#include <charconv>

#include "core/encoding.h"
#include "core/try.h"
#include "s3/protocol/part_plan.h"

namespace filestore::s3 {

namespace {

Error damaged(std::string_view what) {
    return {ErrorCode::corrupt, "the record of an upload is damaged: " + std::string(what)};
}

/// Reads a number, and takes it from the text.
std::optional<std::uint32_t> take_number(std::string_view& text) noexcept {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number == 0 || number > most_parts) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

bool take(std::string_view& text, char character) noexcept {
    const bool is_there = text.starts_with(character);
    text.remove_prefix(is_there ? 1 : 0);
    return is_there;
}

Result<void> set_number(Metadata& object, std::string_view key, std::uint64_t number) {
    return object.set_json(key, std::to_string(number));
}

/// Nothing here can be refused: short texts, and numbers.
Metadata store_of(const UploadState& state) {
    Metadata store;
    static_cast<void>(store.set("upload_id", state.upload_id));
    static_cast<void>(store.set("parts", format_numbers(state.parts)));
    static_cast<void>(set_number(store, "parts_bytes", state.parts_bytes));
    static_cast<void>(set_number(store, "next_part", state.next_part));
    static_cast<void>(set_number(store, "part_size", state.part_size));
    static_cast<void>(store.set_json("equal_parts", state.equal_parts ? "true" : "false"));
    static_cast<void>(store.set("beginning", to_base64(state.beginning)));
    static_cast<void>(set_number(store, "rest", state.rest));
    static_cast<void>(store.set("last_byte", format_timestamp(state.last_byte)));
    static_cast<void>(store.set("written_by", state.written_by));
    if (state.finishing) {
        static_cast<void>(store.set("finishing", format_timestamp(*state.finishing)));
    }
    if (state.ended) {
        static_cast<void>(store.set_json("ended", "true"));
    }
    return store;
}

Result<std::uint64_t> number_of(const Metadata& store, std::string_view key) {
    const auto number = number_in(store, key);
    return number ? Result<std::uint64_t>(*number) : damaged(std::string(key) + " is no number");
}

Result<std::string> text_of(const Metadata& store, std::string_view key) {
    auto text = store.text(key);
    return text ? Result<std::string>(std::move(*text)) : damaged(std::string(key) + " is no text");
}

Result<void> read_store(UploadState& state, const Metadata& store) {
    FILESTORE_TRY_ASSIGN(state.upload_id, text_of(store, "upload_id"));
    FILESTORE_TRY_ASSIGN(const std::string parts, text_of(store, "parts"));
    FILESTORE_TRY_ASSIGN(state.parts, parse_numbers(parts));
    FILESTORE_TRY_ASSIGN(state.parts_bytes, number_of(store, "parts_bytes"));
    FILESTORE_TRY_ASSIGN(const std::uint64_t next, number_of(store, "next_part"));
    if (next < 1 || next > most_parts + 1) {
        return damaged("next_part is no part's number");
    }
    state.next_part = static_cast<std::uint32_t>(next);
    FILESTORE_TRY_ASSIGN(state.part_size, number_of(store, "part_size"));
    state.equal_parts = store.json("equal_parts") == "true";
    FILESTORE_TRY_ASSIGN(const std::string beginning, text_of(store, "beginning"));
    FILESTORE_TRY_ASSIGN(state.beginning, from_base64(beginning));
    FILESTORE_TRY_ASSIGN(state.rest, number_of(store, "rest"));
    FILESTORE_TRY_ASSIGN(const std::string last_byte, text_of(store, "last_byte"));
    FILESTORE_TRY_ASSIGN(state.last_byte, parse_timestamp(last_byte));
    FILESTORE_TRY_ASSIGN(state.written_by, text_of(store, "written_by"));
    if (const auto finishing = store.text("finishing")) {
        FILESTORE_TRY_ASSIGN(state.finishing, parse_timestamp(*finishing));
    }
    state.ended = store.json("ended") == "true";
    return {};
}

}  // namespace

std::string format_numbers(const std::vector<std::uint32_t>& numbers) {
    std::string text;
    for (std::size_t first = 0; first < numbers.size();) {
        std::size_t last = first;
        while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) {
            ++last;
        }
        text += (text.empty() ? "" : ",") + std::to_string(numbers[first]);
        text += last > first ? "-" + std::to_string(numbers[last]) : "";
        first = last + 1;
    }
    return text;
}

Result<std::vector<std::uint32_t>> parse_numbers(std::string_view text) {
    std::vector<std::uint32_t> numbers;
    while (!text.empty()) {
        if (!numbers.empty() && !take(text, ',')) {
            return damaged("its parts cannot be read");
        }
        const auto first = take_number(text);
        const auto last = first && take(text, '-') ? take_number(text) : first;
        if (!last || *last < *first || (!numbers.empty() && *first <= numbers.back())) {
            return damaged("its parts cannot be read");
        }
        for (std::uint32_t number = *first; number <= *last; ++number) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

std::string format_state(const UploadState& state) {
    UploadRecord record = state.record;
    record.store = store_of(state);
    return write_upload_record(record) + "\n";
}

Result<ReadState> parse_state(const FileId& id, std::string_view text) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
        return damaged("it has no end");
    }
    ReadState read;
    read.head = end + 1;
    FILESTORE_TRY_ASSIGN(read.state.record, read_upload_record(id, text.substr(0, end)));
    FILESTORE_TRY(read_store(read.state, read.state.record.store));
    return read;
}

}  // namespace filestore::s3
