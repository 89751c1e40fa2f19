#include "power/driver.h"

#include <stdexcept>

#include "core/try.h"

namespace filestore::test {

namespace {

using Kind = Operation::Kind;

/// Uploads of odd number that make a new file are create-only, so that both ways are used.
UploadRequest upload_of_operation(const Operation& operation, std::size_t number) {
    UploadRequest request = upload_of({operation.file, number, operation.size});
    request.create_only = operation.kind == Kind::upload_new && number % 2 == 1;
    return request;
}

Result<void> perform(StorageBackend& store, const Operation& operation, std::size_t number) {
    if (operation.kind == Kind::upload_new || operation.kind == Kind::upload_replacing) {
        FILESTORE_TRY(store.upload(upload_of_operation(operation, number)));
        return {};
    }
    FILESTORE_TRY_ASSIGN(const bool was_there, store.remove({id_of(operation.file), {}}));
    return was_there ? Result<void>() : Error(ErrorCode::internal, "remove found no file");
}

/// Nobody may have the store open when it begins.
Result<void> convert(const std::string& base, const Trial& trial, std::shared_ptr<StorageBackend>& store) {
    store.reset();
    FILESTORE_TRY(convert_local_store({base, trial.durability}, {other_layout(trial.layout)}));
    FILESTORE_TRY_ASSIGN(store, open_local_backend({base, trial.durability}));
    return {};
}

Result<void> drive_until_failure(const std::string& base, const Trial& trial, LedgerWriter& ledger,
                                 const DriverStages& stages) {
    const Sequence& sequence = trial.sequence;
    if (sequence.size() == 1) {
        stages.last_begins();
    }
    FILESTORE_TRY_ASSIGN(auto store, open_local_backend({base, trial.durability, trial.layout}));
    for (std::size_t i = 0; i < sequence.size(); ++i) {
        if (i > 0 && i + 1 == sequence.size()) {
            stages.last_begins();
        }
        ledger.begin();
        FILESTORE_TRY(sequence[i].kind == Kind::convert ? convert(base, trial, store)
                                                        : perform(*store, sequence[i], i + 1));
        ledger.acknowledge();
    }
    stages.all_done();
    return {};
}

}  // namespace

void prepare_store(const std::string& base, const Trial& trial) {
    for (std::size_t file = 0; file < file_count; ++file) {
        if (!is_there_before(trial.sequence, file)) {
            continue;
        }
        const auto store = open_local_backend({base, Durability::none, trial.layout});
        if (!store.ok() || !(*store)->upload(upload_of(version_before(file))).ok()) {
            throw std::runtime_error("cannot prepare a store in " + base);
        }
    }
}

void drive(const std::string& base, const Trial& trial, LedgerWriter& ledger, const DriverStages& stages) {
    const auto outcome = drive_until_failure(base, trial, ledger, stages);
    if (!outcome.ok()) {
        ledger.fail(std::string(outcome.error().message()));
    }
}

}  // namespace filestore::test
