#pragma once

/// The commands. Each works through its operands, prints results and failures, and answers the exit code.

#include <vector>

#include "exit_code.h"
#include "filestore/file_id.h"
#include "session.h"

namespace filestore::tool {

[[nodiscard]] ExitCode upload(const Session& session);
[[nodiscard]] ExitCode download(const Session& session);
[[nodiscard]] ExitCode remove(const Session& session);
[[nodiscard]] ExitCode undelete(const Session& session);
[[nodiscard]] ExitCode exists(const Session& session);
[[nodiscard]] ExitCode metadata(const Session& session);
[[nodiscard]] ExitCode list(const Session& session);
[[nodiscard]] ExitCode presign(const Session& session);
/// As presign, for reading, of a file that must be there.
[[nodiscard]] ExitCode link(const Session& session);
[[nodiscard]] ExitCode probe(const Session& session);
[[nodiscard]] ExitCode verify(const Session& session);
[[nodiscard]] ExitCode convert(const Surroundings& around);
[[nodiscard]] ExitCode cleanup(const Session& session);
[[nodiscard]] ExitCode audit(const Session& session);
[[nodiscard]] ExitCode send(const Session& session);
[[nodiscard]] ExitCode sent(const Session& session);
[[nodiscard]] ExitCode unsend(const Session& session);
/// Until SIGTERM or SIGINT ends it (SIGHUP has it read its configuration again): the first one lets what is under way come to its end, for up to half a minute; the second one cuts it off, and nothing half-done is left. `unsupported` where the
/// command was built without it.
[[nodiscard]] ExitCode serve_over_http(const Options& options, SignalWatch& signals, StandardOutput& output);

/// Prints a new key for the service, and the hash by which the configuration knows it.
[[nodiscard]] ExitCode make_key(const Options& options, StandardOutput& output);

/// Waits a while for the audit server to be told what a command has recorded. Where it was not, says so; that is no failure of the command.
void tell_audit_server(const Session& session);

/// Removes the copies at providers of files that a command has deleted. Where one cannot be removed now, says so; that is no failure of the command.
void remove_copies_of(const Session& session, std::vector<FileId> deleted);

/// The same of all that were deleted, by whatever command.
void remove_waiting_copies(const Session& session);

}  // namespace filestore::tool
