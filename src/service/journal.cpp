#include "service/journal.h"

#include <utility>

#include "core/try.h"

namespace filestore {

Journal::Journal(std::string catalogue_path, std::shared_ptr<StorageBackend> backend)
    : path_(std::move(catalogue_path)), backend_(std::move(backend)) {}

Result<void> Journal::begin(Intent& intent) {
    if (path_.empty()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    FILESTORE_TRY_ASSIGN(intent.number, record->begin(intent));
    return {};
}

Result<void> Journal::complete(const Intent& intent, Timestamp at) {
    if (path_.empty()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->complete(intent, at);
}

Result<void> Journal::abandon(const Intent& intent) {
    if (path_.empty()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->abandon(intent.number);
}

Result<bool> Journal::knows(const FileId& id) {
    if (path_.empty()) {
        return true;
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    const auto row = record->row(id);
    if (!row.ok() && row.error().code() != ErrorCode::not_found) {
        return row.error();
    }
    return row.ok();
}

Result<Catalogue*> Journal::catalogue() {
    std::vector<Intent> stale;
    {
        const std::lock_guard lock(mutex_);
        if (catalogue_) {
            return catalogue_.get();
        }
        FILESTORE_TRY_ASSIGN(auto opened, Catalogue::open(path_));
        FILESTORE_TRY_ASSIGN(stale, opened->stale_intents());
        catalogue_ = std::move(opened);
    }
    for (const Intent& intent : stale) {
        settle(intent);
    }
    return catalogue_.get();
}

/// Asks the backend what became of an operation whose process is gone. Where it cannot tell now, the intent stays for the next process.
void Journal::settle(const Intent& intent) {
    backend_->exists_async({intent.id, {}}, [self = shared_from_this(), intent](const Result<bool>& exists) {
        if (!exists.ok()) {
            return;
        }
        const bool happened = *exists == (intent.operation == Operation::upload);
        if (happened) {
            static_cast<void>(self->complete(intent, intent.begun_at));
            return;
        }
        if (intent.operation == Operation::removal) {
            static_cast<void>(self->abandon(intent));
            return;
        }
        // Nothing was published, but metadata may have been left: a removal takes it away.
        self->backend_->remove_async({intent.id, {}}, [self, intent](const Result<bool>& removed) {
            if (removed.ok()) {
                static_cast<void>(self->abandon(intent));
            }
        });
    });
}

}  // namespace filestore
