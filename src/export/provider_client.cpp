#include "export/provider_client.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <utility>

#include "core/call_limits.h"
#include "core/text.h"
#include "core/try.h"
#include "export/pauses.h"
#include "export/protocol/list_walk.h"

namespace filestore {

namespace {

std::uint64_t chance() {
    std::random_device device;
    return (std::uint64_t{device()} << 32U) | device();
}

std::string_view retry_after_of(const Attempt& failed) {
    return failed.answer.ok() ? failed.answer->head.header("retry-after") : std::string_view();
}

using FilesById = std::map<std::string, provider::RemoteFile>;

/// A file that comes while the list is read stands on two pages.
Result<void> take_copies(std::vector<provider::RemoteFile> files, std::string_view sent_name,
                         FilesById& copies) {
    for (provider::RemoteFile& file : files) {
        if (!provider::is_copy_name(sent_name, file.name)) {
            continue;
        }
        if (file.id.empty()) {
            return Error(ErrorCode::corrupt, "the file " + quoted(file.name) + " has no ID");
        }
        std::string id = file.id;
        copies.emplace(std::move(id), std::move(file));
    }
    return {};
}

/// No answer tells what became of it.
bool is_undecided(const Attempt& attempt) noexcept {
    if (!attempt.answer.ok()) {
        return attempt.was_sent;
    }
    const int status = attempt.answer->head.status;
    return status == 408 || status >= 500;
}

}  // namespace

bool Retries::wait(const Attempt& failed) {
    const auto pause =
        pause_behind(terms_.options, attempts_, chance(), retry_after_of(failed), terms_.clock->now());
    ++attempts_;
    return pause && pause_within(limits_, *pause);
}

bool may_be_done(const Attempt& attempt) noexcept {
    if (attempt.answer.ok() && attempt.answer->is_success()) {
        return true;
    }
    return attempt.was_whole && is_undecided(attempt);
}

bool may_be_kept(const Attempt& attempt) noexcept {
    return !attempt.was_whole && is_undecided(attempt);
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

Attempt ProviderClient::insist(const provider::Outgoing& request, WithKey with_key) const {
    Retries attempts = retries();
    for (;;) {
        Attempt attempt = try_once(request, nullptr, with_key);
        const auto failure = failure_of(attempt);
        if (!failure || !failure->retryable() || !attempts.wait(attempt)) {
            return attempt;
        }
    }
}

Result<ProviderAnswer> ProviderClient::ask(const provider::Outgoing& request, WithKey with_key) const {
    Attempt attempt = insist(request, with_key);
    const auto failure = failure_of(attempt);
    return failure ? *failure : std::move(attempt.answer);
}

ProviderClient ProviderClient::limited_to(const CallOptions& limits) const {
    Correspondence with = with_;
    with.limits = limits;
    return {std::move(with), retry_, purpose_};
}

Result<void> ProviderClient::visit_pages(const PageVisitor& visit,
                                         const std::function<bool()>& is_enough) const {
    const auto within_list = [&](const Error& error) {
        return error.within("the list of files of " + std::string(profile().name));
    };
    provider::ListWalk walk(profile());
    std::string_view purpose;
    while (!walk.is_over() && !(walk.was_read() && is_enough())) {
        FILESTORE_TRY_ASSIGN(const ProviderAnswer answer,
                             walk.cursor().empty()
                                 ? first_page(purpose)
                                 : ask(provider::list_files(place(), {walk.cursor(), purpose})));
        auto page = provider::read_list(profile(), answer.body);
        if (!page.ok()) {
            return within_list(page.error());
        }
        if (const auto taken = walk.take(*page); !taken.ok()) {
            return within_list(taken.error());
        }
        if (const auto visited = visit(std::move(page->files)); !visited.ok()) {
            return within_list(visited.error());
        }
    }
    return {};
}

/// Some services want to be told of which purpose, others may keep files under another than that which they were sent for: the purpose is given, and noted, where a list of all is refused.
Result<ProviderAnswer> ProviderClient::first_page(std::string_view& purpose) const {
    auto answer = ask(provider::list_files(place(), {{}, purpose}));
    const bool is_refused = !answer.ok() && (answer.error().code() == ErrorCode::invalid_argument ||
                                             answer.error().code() == ErrorCode::rejected);
    if (!is_refused || purpose_.empty() || !purpose.empty()) {
        return answer;
    }
    purpose = purpose_;
    return ask(provider::list_files(place(), {{}, purpose}));
}

Result<std::vector<provider::RemoteFile>> ProviderClient::find(std::string_view sent_name) const {
    return look_for(sent_name, false);
}

Result<std::vector<provider::RemoteFile>> ProviderClient::look_for(std::string_view sent_name,
                                                                   bool is_first_enough) const {
    FilesById copies;
    const auto take = [&](std::vector<provider::RemoteFile> files) {
        return take_copies(std::move(files), sent_name, copies);
    };
    FILESTORE_TRY(visit_pages(take, [&] { return is_first_enough && !copies.empty(); }));
    std::vector<provider::RemoteFile> found;
    found.reserve(copies.size());
    for (auto& [id, file] : copies) {
        found.push_back(std::move(file));
    }
    return found;
}

Result<bool> ProviderClient::lists(const std::string& provider_id) const {
    bool is_there = false;
    const auto look = [&](const std::vector<provider::RemoteFile>& files) -> Result<void> {
        is_there = is_there || std::any_of(files.begin(), files.end(),
                                           [&](const auto& file) { return file.id == provider_id; });
        return {};
    };
    FILESTORE_TRY(visit_pages(look, [&] { return is_there; }));
    return is_there;
}

Result<std::optional<provider::RemoteFile>> ProviderClient::find_one(std::string_view sent_name) const {
    FILESTORE_TRY_ASSIGN(auto found, look_for(sent_name, true));
    if (found.empty()) {
        return std::optional<provider::RemoteFile>();
    }
    if (found.size() > 1) {
        return Error(ErrorCode::outcome_unknown,
                     std::string(profile().name) + " has " + std::to_string(found.size()) + " files named " +
                         quoted(found.front().name) +
                         ", so that nobody can tell which was sent: unsend removes them all");
    }
    return std::optional(std::move(found.front()));
}

Result<void> ProviderClient::remove(const std::string& provider_id) const {
    const Attempt attempt = insist(provider::remove_file(place(), provider_id), WithKey::yes);
    if (!attempt.answer.ok()) {
        return attempt.answer.error();
    }
    const provider::RemovalReply reply{attempt.answer->head.status, attempt.answer->body};
    if (attempt.answer->is_success()) {
        const auto removed = provider::read_removal(profile(), provider_id, reply);
        return removed.ok() ? removed : removed.error().within("the provider " + std::string(profile().name));
    }
    const Error failure = *failure_of(attempt);
    if (provider::may_say_missing(profile(), reply)) {
        return check_removed(provider_id, failure);
    }
    const int status = failure.details().http_status;
    // It is about this file, and keeps no other of the place from being asked for.
    return status == 404 || status == 405 || status == 410
               ? Error(ErrorCode::corrupt,
                       "what was answered is not what its API says of a file that is not there: " +
                           std::string(failure.message()),
                       failure.details())
               : failure;
}

/// Services, frameworks and gateways answer like that to paths that they do not know; a list of files is what only the API has.
Result<void> ProviderClient::check_removed(const std::string& provider_id, const Error& answer) const {
    const auto is_listed = lists(provider_id);
    if (is_listed.ok() && !*is_listed) {
        return {};
    }
    if (answer.code() == ErrorCode::permission_denied) {
        return answer;
    }
    const std::string why = is_listed.ok() ? "its list still has the file"
                                           : "its list does not tell whether it has the file (" +
                                                 std::string(is_listed.error().message()) + ")";
    return Error(ErrorCode::corrupt, why + ", and " + std::string(answer.message()), answer.details());
}

}  // namespace filestore
