#include "power/sequences.h"

#include <algorithm>
#include <array>

#include "support/random_bytes.h"

namespace filestore::test {

namespace {

using Kind = Operation::Kind;

constexpr std::array<std::size_t, 3> sizes{0, std::size_t{4} * 1024, std::size_t{200} * 1024};
constexpr std::size_t size_before = 5000;
/// Of those that convert or repair the store.
constexpr std::size_t longest_of_whole_store = 2;

bool is_of_whole_store(const Operation& operation) {
    return operation.kind == Kind::convert || operation.kind == Kind::repair;
}

bool has_one_of_whole_store(const Sequence& sequence) {
    return std::any_of(sequence.begin(), sequence.end(), is_of_whole_store);
}

bool is_used(const Sequence& sequence, std::size_t file) {
    return std::any_of(sequence.begin(), sequence.end(),
                       [&](const Operation& operation) { return operation.file == file; });
}

bool is_there_after(const Sequence& sequence, std::size_t file) {
    const auto last = std::find_if(sequence.rbegin(), sequence.rend(),
                                   [&](const Operation& operation) { return operation.file == file; });
    return last != sequence.rend() && last->kind != Kind::remove && last->kind != Kind::repair;
}

void append_uploads(std::vector<Operation>& operations, Kind kind, std::size_t file) {
    for (const std::size_t size : sizes) {
        operations.push_back({kind, file, size});
    }
}

/// What can follow on a file. One that was not used yet may have been there or not.
std::vector<Operation> next_on(const Sequence& sequence, std::size_t file) {
    std::vector<Operation> operations;
    const bool is_open = !is_used(sequence, file);
    if (is_open || !is_there_after(sequence, file)) {
        append_uploads(operations, Kind::upload_new, file);
    }
    if (is_open || is_there_after(sequence, file)) {
        append_uploads(operations, Kind::upload_replacing, file);
        operations.push_back({Kind::remove, file, 0});
        if (sequence.size() < longest_of_whole_store && !has_one_of_whole_store(sequence)) {
            operations.push_back({Kind::convert, file, 0});
            operations.push_back({Kind::repair, file, 0});
        }
    }
    return operations;
}

std::vector<Sequence> longer_by_one(const Sequence& sequence) {
    std::vector<Sequence> longer;
    if (has_one_of_whole_store(sequence) && sequence.size() == longest_of_whole_store) {
        return longer;
    }
    const std::size_t files = sequence.empty() ? 1 : file_count;
    for (std::size_t file = 0; file < files; ++file) {
        for (const Operation& operation : next_on(sequence, file)) {
            longer.push_back(sequence);
            longer.back().push_back(operation);
        }
    }
    return longer;
}

std::string describe(const Operation& operation) {
    const std::string name(1, static_cast<char>('A' + operation.file));
    const std::string size = std::to_string(operation.size) + " B";
    switch (operation.kind) {
        case Kind::upload_new:
            return "upload " + name + " of " + size;
        case Kind::upload_replacing:
            return "replace " + name + " by " + size;
        case Kind::remove:
            return "remove " + name;
        case Kind::convert:
            return "convert the store with " + name;
        case Kind::repair:
            return "repair " + name;
    }
    return {};
}

}  // namespace

std::vector<Sequence> all_sequences() {
    std::vector<Sequence> all;
    std::vector<Sequence> of_one_length{{}};
    for (std::size_t length = 1; length <= longest_sequence; ++length) {
        std::vector<Sequence> longer;
        for (const Sequence& sequence : of_one_length) {
            const auto more = longer_by_one(sequence);
            longer.insert(longer.end(), more.begin(), more.end());
        }
        all.insert(all.end(), longer.begin(), longer.end());
        of_one_length = std::move(longer);
    }
    return all;
}

bool converts(const Sequence& sequence) {
    return std::any_of(sequence.begin(), sequence.end(),
                       [](const Operation& operation) { return operation.kind == Kind::convert; });
}

std::optional<std::size_t> repaired_file(const Sequence& sequence) {
    const auto found = std::find_if(sequence.begin(), sequence.end(), [](const Operation& operation) {
        return operation.kind == Kind::repair;
    });
    return found == sequence.end() ? std::nullopt : std::optional(found->file);
}

std::string describe(const Sequence& sequence) {
    std::string text;
    for (const Operation& operation : sequence) {
        text += (text.empty() ? "" : ", ") + describe(operation);
    }
    return text;
}

bool is_there_before(const Sequence& sequence, std::size_t file) {
    const auto first = std::find_if(sequence.begin(), sequence.end(),
                                    [&](const Operation& operation) { return operation.file == file; });
    return first != sequence.end() && first->kind != Kind::upload_new;
}

Version version_before(std::size_t file) {
    return {file, 0, size_before};
}

FileId id_of(std::size_t file) {
    constexpr std::array<std::string_view, file_count> ids{"aaaaaaaa-0000-4000-8000-000000000001",
                                                           "bbbbbbbb-0000-4000-8000-000000000002"};
    return FileId::parse(ids.at(file)).value();
}

std::string content_of(const Version& version) {
    return random_bytes(version.size, 1 + version.file + file_count * version.number);
}

std::string data_path(const std::string& base, LocalLayout layout, std::size_t file) {
    const std::string& id = id_of(file).str();
    return base + "/" + (layout == LocalLayout::sharded ? id.substr(0, 2) + "/" : "") + id;
}

std::string damaged(std::string content) {
    if (content.empty()) {
        return "x";
    }
    content.front() = static_cast<char>(content.front() ^ 1);
    return content;
}

UploadRequest upload_of(const Version& version) {
    const std::string number = std::to_string(version.number);
    UploadRequest request;
    request.id = id_of(version.file);
    request.source = source_from_string(content_of(version));
    request.original_path = "version-" + number;
    request.content_type = "text/x-" + number;
    static_cast<void>(request.metadata.set("version", number));
    return request;
}

}  // namespace filestore::test
