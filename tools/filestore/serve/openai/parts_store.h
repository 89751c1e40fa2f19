#pragma once

/// Where the parts of uploads are until their file is made, beside what is known of the uploads themselves: in a place of its own of the same store, of which the list of files, its catalogue and its audit server know nothing. So every
/// process that serves the store finds them, and none keeps anything.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "filestore/service.h"

namespace filestore::tool::serve::openai {

/// A value.
struct HeldPart {
    FileId id{};
    std::uint64_t size = 0;
};

/// A small text under an ID, and the version that it is of (FileInfo::version). A value.
struct HeldText {
    std::string text{};
    std::string version{};
};

/// A resource; thread-safe, and never waits but for the first call, which opens the place. Completions come on library threads.
class PartsStore {
public:
    /// `options` outlives it.
    explicit PartsStore(const ServiceOptions& options) noexcept : options_(options) {}
    PartsStore(const PartsStore&) = delete;
    PartsStore& operator=(const PartsStore&) = delete;
    /// Ends what is under way.
    ~PartsStore();

    /// Stores what the source gives under a new ID. `upload`: whose part it is.
    void put(std::shared_ptr<Source> source, const std::string& upload, std::stop_token cancel,
             Completion<HeldPart> done);
    /// `not_found` also where the part is of another upload.
    void find(const FileId& id, const std::string& upload, Completion<HeldPart> done);
    void read(const FileId& id, std::shared_ptr<Sink> sink, std::stop_token cancel, Completion<void> done);

    /// Stores a text; where a version is given only in place of that one (`precondition_failed`), as far as the store compares versions.
    void write_text(const FileId& id, const std::string& text, const std::string& version,
                    Completion<void> done);
    /// `not_found` also where that is no text.
    void read_text(const FileId& id, Completion<HeldText> done);

    /// What fails to go is swept later. Up to 10,000.
    void drop(std::vector<FileId> ids, std::function<void()> done);

    /// Drops what is so old that its upload must be over, and what was left of parts that never came to their end. `done` is called once nothing is under way any more.
    void sweep(std::function<void()> done);

private:
    [[nodiscard]] Result<std::shared_ptr<StorageBackend>> backend();
    [[nodiscard]] bool may_hold_something() const;

    const ServiceOptions& options_;
    std::mutex mutex_;
    std::shared_ptr<StorageBackend> backend_;
};

}  // namespace filestore::tool::serve::openai
