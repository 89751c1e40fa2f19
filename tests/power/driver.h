#pragma once

/// Does the operations of a sequence on a local store, and writes down what became of them.

#include <functional>
#include <string>

#include "filestore/local_backend.h"
#include "power/ledger.h"
#include "power/trials.h"

namespace filestore::test {

/// Called by drive(). A value.
struct DriverStages {
    /// Before the last operation; before the store is opened where that is the only one.
    std::function<void()> last_begins;
    /// After the last acknowledgement, while the store is still open.
    std::function<void()> all_done;
};

/// Puts there what the trial wants to find; nothing, not even the store's directory, where it wants to find no file. Nothing of it is flushed. Throws
/// std::runtime_error.
void prepare_store(const std::string& base, const Trial& trial);

/// Opens the store and does the operations, one after the other, until one fails.
void drive(const std::string& base, const Trial& trial, LedgerWriter& ledger, const DriverStages& stages);

}  // namespace filestore::test
