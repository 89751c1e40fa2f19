#pragma once

/// What a service looks at before a file is stored: its size, its type, and what a scanner says of it.
///
/// A file that is refused leaves nothing behind: no byte, no row. The upload fails with `rejected` then, and `ErrorDetails::server_code` says by which rule: "size", "extension", "type"
/// (one that is denied, or not allowed), "mismatch" (name, declared type and content do not agree) or "scanner".
///
/// The type is told from the content, of which at most the first 8 KiB are looked at, by libmagic. What that does not know may be anything: it agrees with every name and declared type, and counts as
/// application/octet-stream for the lists. Where content and declared type agree, the declared one counts, which may be more exact (text/markdown, of a content that looks like text).
///
/// Without rules nothing is looked at, and no time is spent. All types of this header are values: any thread may read one while none changes it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "filestore/export.h"

namespace filestore {

/// What becomes of a file whose name, declared type and content do not agree.
enum class TypePolicy {
    /// It is refused.
    strict,
    /// It is stored, and ValidationOptions::on_warning is told. Nothing is compared where nobody is told.
    warn,
    off,
};

/// A file that is stored although something of it does not agree.
struct ValidationWarning {
    /// As given for the upload.
    std::string path{};
    std::string declared_type{};
    /// Of the content; empty where it is not known.
    std::string found_type{};
    /// One line: what does not agree.
    std::string message{};
};

struct ValidationOptions {
    /// The most bytes of a file. Known sizes are looked at first; of others the upload ends with the first byte that is too many.
    std::optional<std::uint64_t> max_size{};
    TypePolicy type_policy = TypePolicy::warn;
    /// Media types, such as "application/pdf" or "image/*". Where there are some, another type is refused.
    std::vector<std::string> allowed_types{};
    /// Neither the declared type, nor that of the content, may be one of these.
    std::vector<std::string> denied_types{};
    /// What follows the last dot of a name, such as "pdf"; large and small letters are the same. Where there are some, any other name is refused.
    std::vector<std::string> allowed_extensions{};
    std::vector<std::string> denied_extensions{};
    /// A file of which no type is declared (FileUpload::content_type is application/octet-stream) is stored with the type that its content has.
    bool store_found_type = false;
    /// Of libmagic, a compiled one; that of the system where it is empty.
    std::string magic_database{};
    /// A virus scanner that speaks the protocol of clamd (INSTREAM, see clamd(8)): "unix:/run/clamav/clamd.ctl" or "tcp:127.0.0.1:3310". None where it is empty. The bytes are sent to it on their way
    /// to the store, and no file is stored that it did not call clean: where it does not answer, uploads fail with `unavailable`.
    std::string scanner{};
    /// Without a byte or an answer of the scanner's for so long an upload fails; 1 second to an hour.
    std::chrono::seconds scanner_timeout{60};
    /// Called on a library thread, before the file is stored; must be quick, and must not block or throw.
    std::function<void(const ValidationWarning&)> on_warning{};
};

}  // namespace filestore
