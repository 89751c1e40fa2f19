#pragma once

/// The command line, parsed.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "filestore/backend.h"
#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore::tool {

enum class Command {
    upload,
    download,
    remove,
    undelete,
    exists,
    metadata,
    list,
    presign,
    link,
    probe,
    verify,
    convert,
    cleanup,
    audit,
    send,
    sent,
    unsend,
    serve,
    key
};

/// An option of ServiceOptions::set as it was given, under its own name and the word that the user wrote for it. A value.
struct StoreOption {
    std::string name;
    std::string value;
    std::string written_as;
};

/// A value.
struct Options {
    Command command = Command::list;
    /// Files or IDs, as the command takes them; for audit what to do comes first.
    std::vector<std::string> operands;

    std::optional<std::string> config_file;
    std::vector<StoreOption> store_options;
    std::optional<std::chrono::milliseconds> timeout;
    bool json = false;

    /// upload: `key=value`, each.
    std::vector<std::string> metadata;
    std::optional<std::string> content_type;
    std::optional<std::string> name;

    /// download: a path, or `-` for standard output.
    std::optional<std::string> output;
    bool force = false;

    /// list: the most entries to print.
    std::optional<std::uint64_t> limit;
    /// list: what undelete gives back in place of what is stored.
    bool deleted = false;

    /// presign: what the URL allows, and, also of link, for how long.
    PresignMethod method = PresignMethod::get;
    std::chrono::seconds expires{3600};
    /// Fail where the credentials do not last so long.
    bool whole_time = false;

    /// verify: see VerifyRequest.
    bool repair = false;
    bool resume = false;
    unsigned parallel = 4;

    /// cleanup: how many days files are kept, where that is not as configured.
    std::optional<unsigned> days;
    /// cleanup: see CleanupRequest.
    bool accept_missing = false;
    bool count_versions = false;
    /// Also of audit reconcile, as is `yes`.
    bool dry_run = false;
    bool yes = false;
    /// Of the schedule's next times so many are printed, and nothing is done.
    std::optional<unsigned> next_times;

    /// send and unsend: see ExportTarget.
    std::string profile;
    std::string base_url;
    /// send: see ExportRequest and ExportTarget.
    std::string purpose;
    std::string key_variable;
    std::optional<std::chrono::seconds> kept_for;
    bool again = false;
    /// unsend: see UnsendRequest.
    bool forget_damaged = false;
    /// send: files of more bytes go in parts.
    std::optional<std::uint64_t> parts_above;

    /// serve: `ADDR:PORT`, and by which other hosts it may be called.
    std::optional<std::string> listen;
    std::vector<std::string> allowed_hosts;

    /// audit files: those that were uploaded before this.
    std::optional<Timestamp> before;

    /// upload, delete, undelete, cleanup, audit retry and reconcile: how long to wait at the end for the audit server; 0 not at all.
    std::chrono::milliseconds flush{5000};
};

/// A value.
struct CommandLine {
    Options options;
    /// Where it is not empty (help, version) it is to be printed, and there is nothing to do.
    std::string text;
};

/// `invalid_argument` for a command line that cannot be right.
[[nodiscard]] Result<CommandLine> parse_command_line(int count, const char* const* arguments);

}  // namespace filestore::tool
