#pragma once

/// `FileExporter`: stored files go to the Files APIs of AI providers, streamed from any backend, and the provider's ID comes back.
///
///     auto exporter = filestore::FileExporter::open({.backend = service.backend(), .catalogue_path = service.catalogue_path()});
///     auto sent = exporter->send({.id = id, .target = {.profile = "openai"}});       // sent->copy.provider_id
///
/// `FileExporter` is a resource and thread-safe. Opening one does no network I/O and starts no thread. Destroying one completes every pending call with `cancelled`, waits for that and ends the threads, unless it happens on a library
/// thread. An object that was moved from may only be destroyed or assigned to. All other types of this header are values: any thread may read one while none changes it.
///
/// Profiles: `openai` (with a base URL also every service that is compatible with it), `anthropic` and `gemini`. What a provider is known to refuse, by size, type, purpose or lifetime, is refused before a byte is sent. Nothing of a file is held in memory but
/// a buffer of 1 MiB, and nothing is written to disk. Files above ExporterOptions::part_threshold go to `openai` in parts, one of which is sent again where it fails; `gemini` goes on where an upload was cut.
///
/// The catalogue keeps a row of each copy: see ProviderCopy. It is durable before the first byte is sent, so that no copy is forgotten where the process dies. The same file (of the same FileInfo::version) is not sent to one place for one purpose
/// twice, unless that is asked for (two files are two copies, also where their bytes are the same: the copy of one goes with that file, and must not take the other's along); a copy that has expired is forgotten. Where an answer was lost, the provider's list is asked for the name under which the file was sent: nothing is sent again before that. The name is that of the file, with its
/// ID and a mark of this copy before the extension, and `_` for all but letters and digits of ASCII, `.` and `-`, so that services write it in one way only. A copy whose size the provider tells is one only where that is the file's: what is shorter, or was answered before all of the file had gone, is removed, and `corrupt` is what send() fails with.
/// Where a request ended in the midst of the file, too, the provider may have made something of what came: it is looked for, and removed. What a list lacks may still come, so a copy that may have been made is forgotten only where the list still lacks it 15 minutes after it was missed first (an attempt that may have made one counts anew, one that was refused does not); and where something was sent again
/// all the same, every file of that name is removed with the copy.
///
/// Where a file is deleted, softly or by a cleanup too, by whoever records that in this catalogue, it notes in the same transaction that the copies are to be removed. (A deletion by another instance that keeps a catalogue of its own for the same
/// store leaves them: unsend() removes them.) settle() does that, again and again until each provider has said that it is done, or that it has no such file, and its list agrees; so does an exporter by itself after start(). A copy whose row is damaged is told of, and removed by nobody: UnsendRequest::forget_damaged forgets the row.
///
/// The store checks a file as it does for a download of the whole (LocalOptions::verify_downloads, the checksums of S3), and the last byte does not go before it has found the file whole.
///
/// Keys come from the environment or from ExporterOptions::key, are asked for at each call, and stand in no message and no row. They are sent to the base URL of a target or copy only, and without TLS to this machine only, unless ExporterOptions::allow_plain_http says otherwise.
///
/// Each call has a blocking and an asynchronous form, with the general failures of StorageBackend (see backend.h) and those of the catalogue (`io`, `no_space`, `corrupt`). Failures of a provider are `unauthenticated` (no key, or a refused one),
/// `permission_denied`, `rejected` (it does not take the file), `rate_limited`, `unavailable`, `timeout`, `invalid_argument`, `configuration` (its certificate, or a base URL where it is not: 404, 405) and `corrupt` (its answer is none or of another file, or what it has is not the whole file); status, the provider's own code and its ID of the request are in the details.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/backend.h"
#include "filestore/call.h"
#include "filestore/export.h"
#include "filestore/file_id.h"
#include "filestore/result.h"
#include "filestore/secret.h"
#include "filestore/time.h"

namespace filestore {

/// Where files go.
struct ExportTarget {
    /// "openai", "anthropic" or "gemini".
    std::string profile{};
    /// Of a service that is compatible with the profile, such as "https://api.example.com/v1" (for `anthropic` and `gemini` without a version). Empty: the provider's own.
    std::string base_url{};
    /// The environment variable that has the key. Empty: OPENAI_API_KEY, ANTHROPIC_API_KEY, or GOOGLE_API_KEY and then GEMINI_API_KEY. It is remembered with the copy, and stands for an account: a copy that was sent with another
    /// variable is another copy. Where its value becomes the key of another account, nobody can remove what the old one has.
    std::string key_variable{};
};

/// When a request is sent again: after a lost connection, a 408, a 429 and a status of 500 and above. A Retry-After counts where it is longer than the pause, up to a minute.
struct ExportRetryOptions {
    /// Attempts of one request, the first included.
    unsigned max_attempts = 5;
    /// The pauses grow from `first_delay` to `longest_delay`, each by chance.
    std::chrono::milliseconds first_delay{500};
    std::chrono::milliseconds longest_delay{20'000};
};

struct SettleReport;

struct ExporterOptions {
    /// Required; not closed by the exporter.
    std::shared_ptr<StorageBackend> backend{};
    /// Required: that of the service which stores the files.
    std::string catalogue_path{};
    /// Gives the key for a target, on a library thread; it may wait. Empty: the environment does.
    std::function<Result<SecretString>(const ExportTarget&)> key{};
    /// The certificates to trust (PEM); the system's where it is empty.
    std::string ca_file{};
    /// Allows base URLs without TLS of other machines than this one: whoever is on the way reads the key and the file.
    bool allow_plain_http = false;
    /// Files of more bytes are sent in parts, where the profile has them.
    std::uint64_t part_threshold = std::uint64_t{512} << 20U;
    /// Bytes of a part; 1 byte to 64 MiB.
    std::uint64_t part_size = std::uint64_t{64} << 20U;
    ExportRetryOptions retry{};
    /// After start(), between two looks at what is to be done.
    std::chrono::seconds settle_interval{60};
    /// Hears what each settling after start() came to, on the thread of that; quick, and it must not throw.
    std::function<void(const Result<SettleReport>&)> on_settled{};
    /// The system's where there is none.
    std::shared_ptr<Clock> clock{};
};

/// What is known of a copy.
enum class CopyState {
    /// The provider has it.
    sent,
    /// A call is sending it, here or in another process.
    sending,
    /// It was being sent, and nobody knows whether the provider has it, or gets it yet; the next call that is about it asks.
    unsettled,
    /// It is to be removed.
    removing,
    /// Its time is over.
    expired,
    /// Its row is damaged.
    damaged,
};

/// "sent", "sending", ... as in CopyState.
[[nodiscard]] FILESTORE_API std::string_view to_string(CopyState state) noexcept;

/// A file at a provider.
struct ProviderCopy {
    /// Of its row.
    std::int64_t number = 0;
    FileId id{};
    /// With the base URL, also where that is the provider's own.
    ExportTarget target{};
    std::string purpose{};
    /// The provider's; empty as long as it is not known.
    std::string provider_id{};
    std::string sent_name{};
    CopyState state = CopyState::sent;
    std::optional<Timestamp> sent_at{};
    std::optional<Timestamp> expires_at{};
    /// Why it is still to be removed or found out, where that was tried.
    std::string reason{};
};

struct ExportRequest {
    FileId id{};
    ExportTarget target{};
    /// What the file is for, where the provider wants to know; empty: `user_data` for openai.
    std::string purpose{};
    /// How long the provider is to keep it; 1 hour to 30 days for openai, to 90 days for anthropic. Nothing: as it does by itself. A service that passes over it answers a copy without ProviderCopy::expires_at.
    std::optional<std::chrono::seconds> expires_in{};
    /// Send it although there is a copy.
    bool again = false;
    /// `progress` counts the bytes that are on their way.
    CallOptions call{};
};

struct ExportReceipt {
    ProviderCopy copy{};
    /// The copy was there, and nothing was sent.
    bool was_there = false;
};

struct CopiesRequest {
    /// Of this file; of all where it is nil.
    FileId id{};
    /// ProviderCopy::number of the last one of the page before.
    std::int64_t after = 0;
    /// 1 to 1000; with an ID all are told of, whatever it is.
    std::size_t limit = 1000;
    /// `call.progress` is not used.
    CallOptions call{};
};

struct UnsendRequest {
    FileId id{};
    /// Only from this provider, and this base URL where one is given; from all where the profile and the base URL are empty.
    ExportTarget target{};
    /// Damaged rows are forgotten, of all files where the ID is nil. Nobody is asked for what they name, which may stay at the provider: SettleReport::dropped tells what they say.
    bool forget_damaged = false;
    CallOptions call{};
};

struct SettleRequest {
    /// Removes only copies of these files, which were deleted; settles all that is open where there is none.
    std::vector<FileId> ids{};
    /// Each provider gets its share of the time until the deadline. `call.progress` is not used.
    CallOptions call{};
};

/// What was settled of copies.
struct SettleReport {
    /// The provider has them no more.
    std::vector<ProviderCopy> removed{};
    /// Interrupted sends of which a copy was found: it is recorded now.
    std::vector<ProviderCopy> found{};
    /// Interrupted sends of which there is none and none comes any more, or expired copies: they are forgotten.
    std::uint64_t forgotten = 0;
    /// Damaged rows that are forgotten, as was asked. What they say need not be true; what it names may still be at the provider.
    std::vector<ProviderCopy> dropped{};
    /// What has still to be removed or found out, with the reason.
    std::vector<ProviderCopy> waiting{};
    /// The first of the reasons.
    std::optional<Error> failure{};
};

class FILESTORE_API FileExporter {
public:
    /// `invalid_argument` for options that cannot be, `configuration` where the catalogue is off, `unsupported` in a library without it (FILESTORE_WITH_SQLITE). Does not block.
    [[nodiscard]] static Result<FileExporter> open(ExporterOptions options);

    FileExporter(FileExporter&& other) noexcept;
    FileExporter& operator=(FileExporter&& other) noexcept;
    ~FileExporter();

    /// Sends a file, or answers the copy that is there. Once it succeeds the copy is recorded. On a failure there is no copy, or it is noted that there may be one (CopyState::unsettled). Failures to act on: `not_found` (there is no such file, or
    /// it was deleted while it was sent, and its copy is removed), `conflict` (somebody else is sending it, retryable; or it was replaced meanwhile), `rejected`, `invalid_argument`, `outcome_unknown` (the answer was lost, and the provider's list has
    /// several files of that name, or cannot be asked: the same call asks again), and those of a provider, see above. A call that is cancelled or has no time left may take 5 seconds more to take back an upload in parts.
    [[nodiscard]] Result<ExportReceipt> send(ExportRequest request);
    void send_async(ExportRequest request, Completion<ExportReceipt> done);

    /// What the catalogue knows of copies, in the order in which they were begun. No provider is asked. `invalid_argument` (the limit).
    [[nodiscard]] Result<std::vector<ProviderCopy>> copies(CopiesRequest request);
    void copies_async(CopiesRequest request, Completion<std::vector<ProviderCopy>> done);

    /// Notes that the copies of a file are to be removed, then removes them. What could not be removed now waits for settle(): the report says why. `conflict` (retryable) where one is being sent, `invalid_argument` (a base URL without a profile).
    [[nodiscard]] Result<SettleReport> unsend(UnsendRequest request);
    void unsend_async(UnsendRequest request, Completion<SettleReport> done);

    /// Removes what is to be removed, and finds out what became of interrupted sends, each once. Failures of providers are in the report, also where the deadline has passed: a provider that cannot be reached is not tried again in the same call.
    [[nodiscard]] Result<SettleReport> settle(SettleRequest request);
    void settle_async(SettleRequest request, Completion<SettleReport> done);
    [[nodiscard]] Result<SettleReport> settle(const CallOptions& options);
    void settle_async(const CallOptions& options, Completion<SettleReport> done);

    /// Has the exporter settle by itself, now and after each `settle_interval`, on a thread that the destructor ends. More than once is once. `forked`, `no_memory`.
    [[nodiscard]] Result<void> start();

private:
    class Impl;
    explicit FileExporter(std::shared_ptr<Impl> impl) noexcept;
    std::shared_ptr<Impl> impl_;
};

}  // namespace filestore
