#include "service/soft_delete.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "service/recorded_operation.h"

namespace filestore {
namespace {

constexpr std::uint32_t most_deleted_files = 1000;

/// Whether the bytes of a file may be there although its metadata cannot be read.
bool is_there_perhaps(const Error& error) noexcept {
    return error.code() == ErrorCode::not_found || error.code() == ErrorCode::corrupt;
}

Error somebody_is_at_work(const FileId& id) {
    ErrorDetails details;
    details.retryable = true;
    return {ErrorCode::conflict, "file " + id.str() + " is being stored or removed just now; try again",
            std::move(details)};
}

Error is_gone(const FileId& id, std::string_view why) {
    return {ErrorCode::not_found, "file " + id.str() + " cannot be undeleted: " + std::string(why)};
}

/// What removal and undelete share: they ask the store whether the file is there, and what of it is known.
class LookingOperation : public RecordedOperation<bool> {
public:
    LookingOperation(const ServiceParts& parts, FileRequest request, PendingAnswerPtr<bool> answer)
        : RecordedOperation(parts, std::move(request.call), std::move(answer)) {
        intent().id = request.id;
    }

protected:
    /// Without `info` its metadata cannot be read.
    virtual void found(std::optional<FileInfo> info) = 0;
    virtual void found_nothing() = 0;

    void look() {
        parts().backend->metadata_async({intent().id, options()},
                                        [operation = self()](Result<FileInfo> info) {
                                            operation->step([&] { operation->looked(std::move(info)); });
                                        });
    }

private:
    std::shared_ptr<LookingOperation> self() {
        return std::static_pointer_cast<LookingOperation>(shared_from_this());
    }

    void looked(Result<FileInfo> info) {
        if (info.ok()) {
            return found(std::move(*info));
        }
        if (!is_there_perhaps(info.error())) {
            return finish(info.error());
        }
        parts().backend->exists_async(
            {intent().id, options()}, [operation = self()](const Result<bool>& exists) {
                if (!exists.ok()) {
                    return operation->finish(exists);
                }
                operation->step([&] { *exists ? operation->found({}) : operation->found_nothing(); });
            });
    }
};

class SoftRemovalOperation final : public LookingOperation {
public:
    SoftRemovalOperation(const ServiceParts& parts, FileRequest request, PendingAnswerPtr<bool> answer)
        : LookingOperation(parts, {request.id, std::move(request.call)}, std::move(answer)),
          if_version_(std::move(request.if_version)) {}

private:
    void begin() override {
        const auto is_deleted = parts().journal->is_soft_deleted(intent().id);
        if (!is_deleted.ok() || *is_deleted) {
            return finish(is_deleted.ok() ? Result<bool>(false) : is_deleted.error());
        }
        look();
    }

    void found(std::optional<FileInfo> info) override {
        if (!if_version_.empty() && (!info || info->version != if_version_)) {
            return finish(Error(ErrorCode::precondition_failed,
                                "file " + intent().id.str() + " is of another version"));
        }
        SoftDeletion deletion{intent().id, {}, {}, 0, {}};
        if (info) {
            deletion.file_path = std::move(info->original_path);
            deletion.metadata = std::move(info->metadata);
            deletion.size = info->size;
            deletion.stored_at = info->last_modified;
        }
        const Timestamp now = parts().clock->now();
        const auto markings = parts().journal->mark({deletion}, {.at = now, .until = now + *parts().grace});
        if (!markings.ok()) {
            return finish(markings.error());
        }
        switch (markings->front()) {
            case Marking::marked:
                return succeed(true, "is deleted");
            case Marking::is_marked:
                return finish(false);
            case Marking::passed_over:
                return finish(somebody_is_at_work(intent().id));
        }
    }

    void found_nothing() override { finish(false); }

    const std::string if_version_;
};

class UndeleteOperation final : public LookingOperation {
public:
    using LookingOperation::LookingOperation;

private:
    void begin() override {
        const auto can = parts().journal->can_undelete(intent().id, parts().clock->now());
        if (!can.ok() || *can != Undeletion::done) {
            return end(can);
        }
        look();
    }

    void found(std::optional<FileInfo> info) override {
        const Timestamp now = parts().clock->now();
        const bool has_time = info && info->last_modified > Timestamp();
        end(parts().journal->undelete(intent().id, now, has_time ? info->last_modified : now));
    }

    void found_nothing() override { finish(is_gone(intent().id, "its bytes are not in the store any more")); }

    void end(const Result<Undeletion>& undeletion) {
        if (!undeletion.ok()) {
            return finish(undeletion.error());
        }
        switch (*undeletion) {
            case Undeletion::done:
                return succeed(true, "is stored again");
            case Undeletion::is_stored:
                return finish(false);
            case Undeletion::is_gone:
                return finish(
                    is_gone(intent().id, "it was not deleted so that it can be, or its grace is over"));
            case Undeletion::is_busy:
                return finish(somebody_is_at_work(intent().id));
        }
    }
};

}  // namespace

void start_soft_removal(const ServiceParts& parts, FileRequest request, PendingAnswerPtr<bool> answer) {
    std::make_shared<SoftRemovalOperation>(parts, std::move(request), std::move(answer))->start();
}

void start_undelete(const ServiceParts& parts, FileRequest request, PendingAnswerPtr<bool> answer) {
    std::make_shared<UndeleteOperation>(parts, std::move(request), std::move(answer))->start();
}

Error deleted_error(const FileId& id) {
    return {ErrorCode::not_found, "file " + id.str() + " is deleted; undelete gives it back for a while"};
}

Result<ListPage> without_deleted(const ServiceParts& parts, ListPage page) {
    if (page.files.empty()) {
        return page;
    }
    const auto [first, last] =
        std::minmax_element(page.files.begin(), page.files.end(),
                            [](const ListEntry& a, const ListEntry& b) { return a.id < b.id; });
    FILESTORE_TRY_ASSIGN(const auto deleted, parts.journal->soft_deleted_between(first->id, last->id));
    const std::unordered_set<FileId> ids(deleted.begin(), deleted.end());
    std::erase_if(page.files, [&ids](const ListEntry& file) { return ids.contains(file.id); });
    return page;
}

Result<DeletedFilesPage> read_deleted_files(const ServiceParts& parts, const DeletedFilesRequest& request) {
    if (request.limit < 1 || request.limit > most_deleted_files) {
        return Error(ErrorCode::invalid_argument,
                     "the limit of a page of deleted files is 1 to " + std::to_string(most_deleted_files));
    }
    FileId after;
    if (!request.cursor.empty()) {
        const auto id = FileId::parse(request.cursor);
        if (!id.ok()) {
            return Error(ErrorCode::invalid_argument, "the cursor " + filestore::quoted(request.cursor) +
                                                          " is not one of a page of deleted files");
        }
        after = *id;
    }
    DeletedFilesPage page;
    FILESTORE_TRY_ASSIGN(page.files, parts.journal->soft_deleted(after, parts.clock->now(), request.limit));
    if (page.files.size() == request.limit) {
        page.next = page.files.back().id.str();
    }
    return page;
}

}  // namespace filestore
