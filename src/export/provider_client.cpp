#include "export/provider_client.h"

#include <chrono>
#include <random>
#include <utility>

#include "core/call_limits.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/policy/retry_policy.h"

namespace filestore {

namespace {

/// Of the files of an account; a list that goes round has no end.
constexpr std::size_t most_pages = 10'000;

std::uint64_t chance() {
    std::random_device device;
    return (std::uint64_t{device()} << 32U) | device();
}

std::optional<std::chrono::milliseconds> wished_pause(const Attempt& failed, Timestamp now) {
    return failed.answer.ok() ? s3::parse_retry_after(failed.answer->head.header("retry-after"), now)
                              : std::nullopt;
}

}  // namespace

bool Retries::wait(const Attempt& failed) {
    if (attempts_ >= terms_.options.max_attempts) {
        return false;
    }
    ++attempts_;
    S3RetryOptions options;
    options.first_delay = terms_.options.first_delay;
    options.longest_delay = terms_.options.longest_delay;
    const auto wished = wished_pause(failed, terms_.clock->now());
    return pause_within(limits_, s3::backoff(options, attempts_, chance(), wished));
}

bool may_be_done(const Attempt& attempt) noexcept {
    if (!attempt.answer.ok()) {
        return attempt.was_sent;
    }
    const int status = attempt.answer->head.status;
    return status < 300 || status == 408 || (status >= 500 && status != 503);
}

std::optional<Error> ProviderClient::failure_of(const Attempt& attempt) const {
    if (!attempt.answer.ok()) {
        return attempt.answer.error();
    }
    if (attempt.answer->is_success()) {
        return std::nullopt;
    }
    const http::ResponseHead& head = attempt.answer->head;
    const std::string_view id = head.header("request-id");
    return provider::error_of(
        profile(), {head.status, attempt.answer->body, id.empty() ? head.header("x-request-id") : id},
        with_.secrets);
}

Result<ProviderAnswer> ProviderClient::ask(const provider::Outgoing& request, WithKey with_key) const {
    Retries attempts = retries();
    for (;;) {
        Attempt attempt = try_once(request, nullptr, with_key);
        const auto failure = failure_of(attempt);
        if (!failure) {
            return std::move(attempt.answer);
        }
        if (!failure->retryable() || !attempts.wait(attempt)) {
            return *failure;
        }
    }
}

Result<std::vector<provider::RemoteFile>> ProviderClient::find(const std::string& name,
                                                               const std::set<std::string>& known) const {
    std::vector<provider::RemoteFile> found;
    std::string cursor;
    for (std::size_t pages = 0; pages < most_pages; ++pages) {
        FILESTORE_TRY_ASSIGN(const ProviderAnswer answer, ask(provider::list_files(place(), cursor)));
        auto page = provider::read_list(profile(), answer.body);
        if (!page.ok()) {
            return page.error().within("the list of files of " + std::string(profile().name));
        }
        for (provider::RemoteFile& file : page->files) {
            if (file.name == name && !known.contains(file.id)) {
                found.push_back(std::move(file));
            }
        }
        cursor = std::move(page->cursor);
        if (cursor.empty()) {
            return found;
        }
    }
    return Error(ErrorCode::corrupt, "the list of files of " + std::string(profile().name) + " has no end");
}

Result<std::optional<provider::RemoteFile>> ProviderClient::find_one(
    const std::string& name, const std::set<std::string>& known) const {
    FILESTORE_TRY_ASSIGN(auto found, find(name, known));
    if (found.empty()) {
        return std::optional<provider::RemoteFile>();
    }
    if (found.size() > 1) {
        return Error(ErrorCode::outcome_unknown,
                     std::string(profile().name) + " has " + std::to_string(found.size()) + " files named " +
                         quoted(name) + ", so that nobody can tell which was sent: unsend removes them all");
    }
    return std::optional(std::move(found.front()));
}

Result<void> ProviderClient::remove(const std::string& provider_id) const {
    const auto removed = ask(provider::remove_file(place(), provider_id));
    if (removed.ok() || removed.error().code() == ErrorCode::not_found) {
        return {};
    }
    return removed.error();
}

}  // namespace filestore
