#include "export/file_sending.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <utility>
#include <vector>

#include "core/encoding.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore {

namespace {

std::string random_boundary() {
    std::array<std::byte, 16> bytes{};
    std::random_device device;
    for (std::byte& byte : bytes) {
        byte = static_cast<std::byte>(device() & 0xFFU);
    }
    return "filestore-" + to_hex(bytes);
}

}  // namespace

FileSending::FileSending(const ProviderClient& client, StorageBackend& backend, CopyTerms copy,
                         const CallOptions& limits)
    : client_(client),
      backend_(backend),
      info_(copy.info),
      file_(copy.file),
      begun_at_(copy.begun_at),
      note_doubt_(std::move(copy.note_doubt)),
      limits_(limits),
      progress_(limits.progress, copy.info.size),
      may_be_there_(copy.may_be_there) {}

SendOutcome FileSending::run(const PartTerms& parts) {
    SendOutcome outcome = [&] {
        if (client_.profile().style == provider::UploadStyle::resumable) {
            return send_to_session();
        }
        const auto& rule = client_.profile().parts;
        const bool in_parts =
            rule && (file_.size > parts.threshold || file_.size > client_.profile().most_size);
        return in_parts ? send_in_parts(std::min(parts.size, rule->largest_part)) : send_in_form();
    }();
    end_body(false);
    outcome.made_none = made_none_;
    if (outcome.file.ok()) {
        progress_.finish();
    }
    return outcome;
}

void FileSending::note_given(std::uint64_t position) {
    if (position > farthest_) {
        progress_.add(position - farthest_);
        farthest_ = position;
    }
}

void FileSending::note(const Attempt& attempt) noexcept {
    if (may_be_done(attempt) || attempt.was_sent_again) {
        note_made();
    }
}

void FileSending::note_made() noexcept {
    may_be_there_ = true;
    made_none_ = false;
}

/// One reading of the file goes through all requests that follow each other, so that the store checks the whole of it before the last byte goes.
FileBody& FileSending::body_at(std::uint64_t offset) {
    if (!body_ || body_->pipe()->position() != offset) {
        end_body(false);
        body_ = FileBody::open(backend_, info_, offset, limits_,
                               [this](std::uint64_t position) { note_given(position); });
    }
    return *body_;
}

void FileSending::end_body(bool is_failure) {
    if (!body_) {
        return;
    }
    const auto ended = std::exchange(body_, nullptr)->end();
    if (is_failure && !ended.ok()) {
        store_failure_ = ended.error();
    }
}

/// Where the store fails, the request fails with it, or is not begun.
Attempt FileSending::try_with_file(const provider::Outgoing& request, std::uint64_t offset,
                                   WithKey with_key) {
    store_failure_.reset();
    const std::shared_ptr<FilePipe> pipe = body_at(offset).pipe();
    if (const auto begun = pipe->wait_for_begin(); !begun.ok()) {
        end_body(true);
        Attempt unsent{begun.error()};
        unsent.was_whole = false;
        return unsent;
    }
    const auto source =
        std::make_shared<EnvelopedSource>(request.head, pipe, request.file_bytes, request.tail);
    Attempt attempt = client_.try_once(request, source, with_key);
    attempt.was_whole = source->is_given();
    const bool is_failure = client_.failure_of(attempt).has_value();
    if (is_failure || !attempt.was_whole) {
        end_body(is_failure);
    }
    return attempt;
}

SendOutcome FileSending::result_of(const Attempt& attempt, ReadFile& read) const {
    auto file = read(client_.profile(), attempt.answer->body);
    if (file.ok()) {
        return as_copy(std::move(*file), attempt.was_whole);
    }
    return {file.error().within("the provider " + std::string(client_.profile().name)), true};
}

/// Names alone do not tell: some services write them in ways of their own.
bool FileSending::is_of_others(const provider::RemoteFile& file) const {
    // As far as clocks may differ.
    constexpr std::chrono::minutes leeway{5};
    if (provider::holds_name(file.name, file_.name)) {
        return false;
    }
    return file.created_at ? *file.created_at < begun_at_ - leeway : !file.name.empty();
}

/// Some servers take for a file what came until the connection ended, or answer before all of it has come; some answer the file that they had before of the same bytes, which is not ours.
SendOutcome FileSending::as_copy(provider::RemoteFile file, bool was_whole) const {
    const std::string provider = "the provider " + std::string(client_.profile().name);
    if (is_of_others(file)) {
        return {Error(ErrorCode::corrupt, provider + " answered another file, named " + quoted(file.name) +
                                              ": what was sent is looked for by its own name"),
                true};
    }
    if (!was_whole) {
        return {early_error(), true, std::move(file.id)};
    }
    if (!provider::may_be_whole(file, file_.size)) {
        return {Error(ErrorCode::corrupt, provider + " has a copy of " + std::to_string(*file.size) +
                                              " bytes, and " + std::to_string(file_.size) + " were sent"),
                true, std::move(file.id)};
    }
    return {std::move(file)};
}

Error FileSending::early_error() const {
    return {ErrorCode::corrupt, "the provider " + std::string(client_.profile().name) +
                                    " answered before the whole file was sent"};
}

/// Nothing where the provider's list lacks it, which is noted then.
std::optional<SendOutcome> FileSending::look_for_it(const Error& failure) {
    auto found = client_.find_one(file_.name);
    if (!found.ok()) {
        note_made();
        const bool has_to_end = limits_.cancel.stop_requested() || found.error().code() == ErrorCode::timeout;
        const Error unknown =
            has_to_end || found.error().code() == ErrorCode::outcome_unknown
                ? found.error()
                : Error(ErrorCode::outcome_unknown,
                        std::string(failure.message()) + "; whether the file was taken cannot be told: " +
                            std::string(found.error().message()),
                        failure.details());
        return SendOutcome{unknown, true};
    }
    if (*found) {
        return as_copy(std::move(**found), true);
    }
    const auto noted = note_doubt_();
    return noted.ok() ? std::nullopt : std::optional(SendOutcome{noted.error(), true});
}

SendOutcome FileSending::until_done(const std::function<Attempt()>& try_it, ReadFile& read) {
    Retries attempts = client_.retries();
    for (;;) {
        const Attempt attempt = try_it();
        note(attempt);
        if (may_be_kept(attempt)) {
            note_made();
        }
        const auto failure = client_.failure_of(attempt);
        if (!failure) {
            return result_of(attempt, read);
        }
        if (store_failure_) {
            return {*store_failure_, may_be_there_};
        }
        const bool goes_on = failure->retryable() && attempts.wait(attempt);
        if (may_be_there_ && !limits_.cancel.stop_requested()) {
            if (auto found = look_for_it(*failure)) {
                return std::move(*found);
            }
        }
        if (!goes_on) {
            return {*failure, may_be_there_};
        }
    }
}

SendOutcome FileSending::send_in_form() {
    return until_done(
        [&] { return try_with_file(provider::send_in_form(client_.place(), file_, random_boundary()), 0); },
        provider::read_file);
}

SendOutcome FileSending::send_in_parts(std::uint64_t part_size) {
    const auto begun = client_.ask(provider::begin_parts(client_.place(), file_));
    const auto upload_id = begun.ok() ? provider::read_id(begun->body) : begun.error();
    if (!upload_id.ok()) {
        return {upload_id.error(), may_be_there_};
    }
    std::vector<std::string> part_ids;
    for (std::uint64_t offset = 0; offset < file_.size; offset += part_size) {
        auto part = send_part(*upload_id, offset, std::min(part_size, file_.size - offset));
        if (!part.ok()) {
            take_back_parts(*upload_id);
            return {part.error(), may_be_there_};
        }
        part_ids.push_back(std::move(*part));
    }
    return complete_parts(*upload_id, part_ids);
}

/// A part whose answer is lost is sent again: only those count that are named at the end.
Result<std::string> FileSending::send_part(const std::string& upload_id, std::uint64_t offset,
                                           std::uint64_t size) {
    Retries attempts = client_.retries();
    for (;;) {
        const Attempt attempt =
            try_with_file(provider::send_part(client_.place(), upload_id, size, random_boundary()), offset);
        const auto failure = client_.failure_of(attempt);
        if (!failure) {
            return attempt.was_whole ? provider::read_id(attempt.answer->body) : early_error();
        }
        if (store_failure_) {
            return *store_failure_;
        }
        if (!failure->retryable() || !attempts.wait(attempt)) {
            return *failure;
        }
    }
}

SendOutcome FileSending::complete_parts(const std::string& upload_id,
                                        const std::vector<std::string>& part_ids) {
    const auto request = provider::complete_parts(client_.place(), upload_id, part_ids);
    SendOutcome outcome =
        until_done([&] { return client_.try_once(request); }, provider::read_file_of_upload);
    if (!outcome.file.ok() && !outcome.may_be_there) {
        take_back_parts(upload_id);
    }
    return outcome;
}

/// Also where the call was cancelled or its time is over: nobody else knows of the upload, so that takes a moment more.
void FileSending::take_back_parts(const std::string& upload_id) const {
    constexpr std::chrono::seconds a_moment{5};
    CallOptions limits;
    limits.deadline = deadline_in(a_moment);
    static_cast<void>(client_.limited_to(limits).ask(provider::cancel_parts(client_.place(), upload_id)));
}

Result<void> FileSending::begin_session(UploadSession& session) {
    FILESTORE_TRY_ASSIGN(const ProviderAnswer begun,
                         client_.ask(provider::begin_session(client_.place(), file_)));
    FILESTORE_TRY_ASSIGN(session.url,
                         provider::read_session_url(client_.place(), begun.head.header("x-goog-upload-url")));
    session.offset = 0;
    return {};
}

/// The session's URL stands for the key.
SendOutcome FileSending::send_to_session() {
    UploadSession session;
    Retries attempts = client_.retries();
    for (;;) {
        if (session.url.empty()) {
            if (const auto begun = begin_session(session); !begun.ok()) {
                return {begun.error(), may_be_there_};
            }
        }
        const Attempt attempt =
            try_with_file(provider::send_to_session(session.url, session.offset, file_.size - session.offset),
                          session.offset, WithKey::no);
        note(attempt);
        const auto failure = client_.failure_of(attempt);
        if (!failure) {
            return result_of(attempt, provider::read_file);
        }
        if (store_failure_) {
            return {*store_failure_, may_be_there_};
        }
        const bool may_help = failure->retryable() || may_be_done(attempt);
        if (!may_help || !attempts.wait(attempt)) {
            return {*failure, may_be_there_};
        }
        if (auto ended = go_on(session, *failure, attempts)) {
            return std::move(*ended);
        }
    }
}

/// Where the session was cut it is asked how much has come; where it is done, or nobody knows it any more, the file is looked for.
std::optional<SendOutcome> FileSending::go_on(UploadSession& session, const Error& failure,
                                              Retries& attempts) {
    const auto asked = client_.ask(provider::ask_session(session.url), WithKey::no);
    const auto state = asked.ok()
                           ? provider::read_session_state(asked->head.header("x-goog-upload-status"),
                                                          asked->head.header("x-goog-upload-size-received"))
                           : asked.error();
    const bool is_final = state.ok() && state->is_final;
    if (state.ok() && !is_final && state->received <= file_.size) {
        if (state->received > session.farthest) {
            session.farthest = state->received;
            attempts.note_progress();
        }
        session.offset = state->received;
        return std::nullopt;
    }
    if (is_final) {
        note_made();
    }
    if (may_be_there_) {
        if (auto found = look_for_it(failure)) {
            return found;
        }
    }
    if (is_final) {
        return SendOutcome{failure, true};
    }
    session.url.clear();
    return std::nullopt;
}

}  // namespace filestore
