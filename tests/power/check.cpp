#include "power/check.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "support/code_of.h"
#include "support/files.h"
#include "support/temporary_directory.h"

namespace filestore::test {

namespace {

namespace fs = std::filesystem;

using Kind = Operation::Kind;
/// A version of a file, or that it is not there.
using State = std::optional<Version>;

std::string name_of(const State& state) {
    return state ? "version " + std::to_string(state->number) : "no file";
}

State state_after(const Operation& operation, std::size_t number) {
    const bool goes = operation.kind == Kind::remove || operation.kind == Kind::repair;
    return goes ? State() : Version{operation.file, number, operation.size};
}

/// What may be seen of one file. A value.
struct Expected {
    std::vector<State> states;
    /// The file may also be there as it was damaged.
    bool may_be_damaged = false;
    /// Nothing was flushed, so anything may be seen.
    bool anything = false;
};

Expected expected_of(std::size_t file, const Sequence& sequence, const Ledger& ledger,
                     Durability durability) {
    Expected expected;
    expected.states = {is_there_before(sequence, file) ? State(version_before(file)) : State()};
    for (std::size_t i = 0; i < sequence.size(); ++i) {
        const bool is_repair = sequence[i].kind == Kind::repair;
        // The file is damaged before the repair begins.
        if (sequence[i].file != file || sequence[i].kind == Kind::convert ||
            (i >= ledger.begun && !is_repair)) {
            continue;
        }
        expected.may_be_damaged = is_repair && i >= ledger.acknowledged;
        if (durability == Durability::full && (i < ledger.acknowledged || is_repair)) {
            expected.states.clear();
        }
        expected.states.push_back(state_after(sequence[i], i + 1));
        expected.anything = durability == Durability::none;
    }
    return expected;
}

class Check {
public:
    Check(std::string base, const Trial& trial, bool sidecars_may_stay)
        : base_(std::move(base)),
          sequence_(trial.sequence),
          durability_(trial.durability),
          layout_(trial.layout),
          sidecars_may_stay_(sidecars_may_stay) {}

    void run(const Ledger& ledger) {
        if (!ledger.failure.empty()) {
            return add("an operation failed: " + ledger.failure);
        }
        if (!open()) {
            return;
        }
        std::vector<FileId> there = look_at_all(ledger);
        if (has_begun_to_convert(ledger)) {
            there = look_after_conversion(ledger);
        }
        if (repaired_file(sequence_)) {
            there = look_after_repair(ledger);
        }
        store_.reset();
        if (durability_ == Durability::full) {
            look_for_leftovers(there);
        }
        use();
    }

    [[nodiscard]] std::vector<std::string> problems() && { return std::move(problems_); }

private:
    std::vector<FileId> look_at_all(const Ledger& ledger) {
        std::vector<FileId> there;
        for (std::size_t file = 0; file < file_count; ++file) {
            if (look_at(file, expected_of(file, sequence_, ledger, durability_))) {
                there.push_back(id_of(file));
            }
        }
        compare_list(there);
        return there;
    }

    [[nodiscard]] bool has_begun_to_convert(const Ledger& ledger) const {
        const auto begun = sequence_.begin() + static_cast<std::ptrdiff_t>(ledger.begun);
        return converts(Sequence(sequence_.begin(), begun));
    }

    std::vector<FileId> look_after_conversion(const Ledger& ledger) {
        store_.reset();
        layout_ = other_layout(layout_);
        const auto converted = convert_local_store({base_, durability_}, {layout_});
        if (!converted.ok()) {
            add("the conversion cannot be ended: " + std::string(converted.error().message()));
        }
        return open() ? look_at_all(ledger) : std::vector<FileId>();
    }

    std::vector<FileId> look_after_repair(Ledger ledger) {
        VerifyRequest request;
        request.repair = true;
        const auto report = store_->verify(std::move(request));
        if (!report.ok()) {
            add("the repair cannot be ended: " + std::string(report.error().message()));
        }
        const auto repair = std::find_if(sequence_.begin(), sequence_.end(), [](const Operation& operation) {
            return operation.kind == Kind::repair;
        });
        const auto done = static_cast<std::size_t>(repair - sequence_.begin()) + 1;
        ledger.begun = std::max(ledger.begun, done);
        ledger.acknowledged = std::max(ledger.acknowledged, done);
        if (durability_ == Durability::full) {
            look_into_quarantine(repair->file, Sequence(sequence_.begin(), repair));
        }
        return look_at_all(ledger);
    }

    /// All of the damaged file is there, as it was after `before`.
    void look_into_quarantine(std::size_t file, const Sequence& before) {
        Version version = version_before(file);
        for (std::size_t i = 0; i < before.size(); ++i) {
            if (before[i].file == file) {
                version = {file, i + 1, before[i].size};
            }
        }
        const std::string quarantine = base_ + "/.filestore/quarantine/";
        const std::string& id = id_of(file).str();
        if (!fs::exists(quarantine + id) || read_file(quarantine + id) != damaged(content_of(version)) ||
            !fs::exists(quarantine + "metadata/" + id + ".json")) {
            add("the damaged file is not in the quarantine");
        }
    }

    void add(std::string problem) { problems_.push_back(std::move(problem)); }

    bool open() {
        auto opened = open_local_backend({base_, durability_});
        if (!opened.ok()) {
            add("the store does not open: " + std::string(opened.error().message()));
            return false;
        }
        store_ = std::move(*opened);
        return true;
    }

    /// Whether the file is there.
    bool look_at(std::size_t file, const Expected& expected) {
        const char letter = static_cast<char>('A' + file);
        const auto exists = store_->exists({id_of(file), {}});
        const auto info = store_->metadata({id_of(file), {}});
        const auto sink = std::make_shared<BufferSink>();
        DownloadRequest request;
        request.id = id_of(file);
        request.sink = sink;
        const auto download = store_->download(std::move(request));
        const auto found = state_of(exists, info, download, sink->bytes(), file);
        if (expected.anything) {
            check_codes(letter, {code_of(exists), code_of(info), code_of(download)});
        } else if (!found.ok() && expected.may_be_damaged) {
            check_codes(letter, {code_of(exists), code_of(info), code_of(download)});
        } else if (!found.ok()) {
            add(letter + std::string(" is damaged: ") + std::string(found.error().message()));
        } else if (std::find(expected.states.begin(), expected.states.end(), *found) ==
                   expected.states.end()) {
            std::string wanted;
            for (const State& state : expected.states) {
                wanted += (wanted.empty() ? "" : " or ") + name_of(state);
            }
            add(letter + std::string(": ") + name_of(*found) + " in place of " + wanted);
        }
        return exists.ok() && *exists;
    }

    static Result<State> state_of(const Result<bool>& exists, const Result<FileInfo>& info,
                                  const Result<DownloadReceipt>& download, const std::string& bytes,
                                  std::size_t file) {
        if (!exists.ok()) {
            return exists.error();
        }
        if (!*exists) {
            const bool gone =
                code_of(info) == ErrorCode::not_found && code_of(download) == ErrorCode::not_found;
            return gone ? Result<State>(State()) : Error(ErrorCode::corrupt, "half of it is there");
        }
        if (!info.ok()) {
            return info.error();
        }
        if (!download.ok()) {
            return download.error();
        }
        const Version version{file, std::stoul(info->metadata.text("version").value_or("99")), bytes.size()};
        const UploadRequest upload = upload_of(version);
        const bool whole = info->original_path == upload.original_path &&
                           info->content_type == upload.content_type && info->metadata == upload.metadata &&
                           info->size == bytes.size();
        if (!whole || bytes != content_of(version)) {
            return Error(ErrorCode::corrupt,
                         "its bytes are not those of version " + std::to_string(version.number));
        }
        return State(version);
    }

    void check_codes(char letter, const std::vector<ErrorCode>& codes) {
        for (const ErrorCode code : codes) {
            if (code != ErrorCode::ok && code != ErrorCode::not_found && code != ErrorCode::corrupt) {
                add(letter + std::string(": a call failed with ") + std::string(to_string(code)));
            }
        }
    }

    void compare_list(const std::vector<FileId>& there) {
        const auto page = store_->list({});
        std::vector<FileId> listed;
        if (page.ok()) {
            std::transform(page->files.begin(), page->files.end(), std::back_inserter(listed),
                           [](const ListEntry& entry) { return entry.id; });
        }
        if (!page.ok() || listed != there) {
            add("the list does not show what is there");
        }
    }

    /// Beside the files nothing may stand in the store that does not also stand in one which was never cut.
    void look_for_leftovers(const std::vector<FileId>& there) {
        std::set<std::string> expected;
        for (const FileId& id : there) {
            const std::string shard = layout_ == LocalLayout::sharded ? id.str().substr(0, 2) + "/" : "";
            expected.insert(shard + id.str());
            expected.insert("metadata/" + shard + id.str() + ".json");
        }
        for (const auto& entry : fs::recursive_directory_iterator(base_)) {
            const std::string path = fs::relative(entry.path(), base_).string();
            const bool is_passed_over = entry.is_directory() || path.starts_with(".filestore/") ||
                                        (sidecars_may_stay_ && path.starts_with("metadata/"));
            if (!is_passed_over && !expected.contains(path)) {
                add("left behind: " + path);
            }
        }
        for (const std::string& path : own_paths(base_)) {
            const bool is_quarantine = repaired_file(sequence_) && path.starts_with("quarantine");
            if (path != "layout" && !is_quarantine && !own_paths_without_cut().contains(path)) {
                add("left behind: .filestore/" + path);
            }
        }
    }

    static std::set<std::string> own_paths(const std::string& base) {
        std::set<std::string> paths;
        const fs::path own = fs::path(base) / ".filestore";
        if (fs::exists(own)) {
            for (const auto& entry : fs::recursive_directory_iterator(own)) {
                paths.insert(fs::relative(entry.path(), own).string());
            }
        }
        return paths;
    }

    static const std::set<std::string>& own_paths_without_cut() {
        static const std::set<std::string> paths = [] {
            const TemporaryDirectory directory;
            const std::string base = directory.file("store");
            {
                const auto store = open_local_backend({base, Durability::none}).value();
                static_cast<void>(store->upload(upload_of({0, 1, 10})).value());
                static_cast<void>(store->upload(upload_of({0, 2, 10})).value());
                static_cast<void>(store->remove({id_of(0), {}}).value());
            }
            static_cast<void>(open_local_backend({base, Durability::none}).value());
            return own_paths(base);
        }();
        return paths;
    }

    /// The store goes on working, whatever it went through, and forgets the files when they are removed.
    void use() {
        if (!open()) {
            return;
        }
        for (std::size_t file = 0; file < file_count; ++file) {
            const Version version{file, longest_sequence + 1, 1000};
            const auto uploaded = store_->upload(upload_of(version));
            if (!uploaded.ok()) {
                add("a later upload failed: " + std::string(uploaded.error().message()));
                continue;
            }
            static_cast<void>(look_at(file, {{version}}));
            if (!store_->remove({id_of(file), {}}).ok()) {
                add("a later removal failed");
            }
        }
        store_.reset();
        sidecars_may_stay_ = false;
        look_for_leftovers({});
    }

    std::string base_;
    const Sequence& sequence_;
    Durability durability_;
    /// That the store has now.
    LocalLayout layout_;
    bool sidecars_may_stay_;
    std::shared_ptr<StorageBackend> store_;
    std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> problems_after_cut(const std::string& base, const Trial& trial, const Ledger& ledger,
                                            bool sidecars_may_stay) {
    Check check(base, trial, sidecars_may_stay);
    check.run(ledger);
    return std::move(check).problems();
}

}  // namespace filestore::test
