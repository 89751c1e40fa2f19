#include "power/driver.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

#include "core/descriptor.h"
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

/// As damaged() does it, and flushed: what a disk does to a file outlives a power cut.
Result<void> damage(const std::string& path) {
    const Descriptor file = open_at(AT_FDCWD, path.c_str(), O_RDWR);
    char byte = 'x';
    const bool is_empty = file.is_open() && ::pread(file.get(), &byte, 1, 0) == 0;
    byte = is_empty ? 'x' : static_cast<char>(byte ^ 1);
    if (!file.is_open() || ::pwrite(file.get(), &byte, 1, 0) != 1 || ::fsync(file.get()) != 0) {
        return errno_error(errno, "cannot damage " + path);
    }
    return {};
}

Result<void> repair(StorageBackend& store) {
    VerifyRequest request;
    request.repair = true;
    request.parallel = 1;
    FILESTORE_TRY_ASSIGN(const VerifyReport report, store.verify(std::move(request)));
    return report.corrupt == 1 ? Result<void>()
                               : Error(ErrorCode::internal, "verify did not find the damage");
}

Result<void> perform(StorageBackend& store, const Operation& operation, std::size_t number) {
    if (operation.kind == Kind::repair) {
        return repair(store);
    }
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
    if (sequence.front().kind == Kind::repair) {
        FILESTORE_TRY(damage(data_path(base, trial.layout, sequence.front().file)));
    }
    if (sequence.size() == 1) {
        stages.last_begins();
    }
    FILESTORE_TRY_ASSIGN(auto store, open_local_backend({base, trial.durability, trial.layout}));
    for (std::size_t i = 0; i < sequence.size(); ++i) {
        if (i > 0 && sequence[i].kind == Kind::repair) {
            FILESTORE_TRY(damage(data_path(base, trial.layout, sequence[i].file)));
        }
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
