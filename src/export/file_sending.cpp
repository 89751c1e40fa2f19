#include "export/file_sending.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>
#include <vector>

#include "core/encoding.h"
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

FileSending::FileSending(const ProviderClient& client, StorageBackend& backend, const FileInfo& info,
                         const provider::OutgoingFile& file, std::set<std::string> known,
                         const CallOptions& limits)
    : client_(client),
      backend_(backend),
      info_(info),
      file_(file),
      known_(std::move(known)),
      limits_(limits),
      progress_(limits.progress, info.size) {}

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

/// Where the store fails, the request fails with it.
Attempt FileSending::try_with_file(const provider::Outgoing& request, std::uint64_t offset,
                                   WithKey with_key) {
    const auto body = FileBody::open(backend_, info_, offset, request.file_bytes, limits_,
                                     [this, offset](std::uint64_t given) { note_given(offset + given); });
    Attempt attempt = client_.try_once(
        request, std::make_shared<EnvelopedSource>(request.head, body->pipe(), request.tail), with_key);
    store_failure_.reset();
    if (const auto ended = body->end(); !ended.ok() && client_.failure_of(attempt)) {
        store_failure_ = ended.error();
    }
    return attempt;
}

SendOutcome FileSending::result_of(const Attempt& attempt) const {
    auto file = provider::read_file(client_.profile(), attempt.answer->body);
    if (file.ok()) {
        return {std::move(file)};
    }
    return {file.error().within("the provider " + std::string(client_.profile().name)), true};
}

/// Nothing where the provider does not have it.
std::optional<SendOutcome> FileSending::look_for_it(const Error& failure) {
    auto found = client_.find_one(file_.name, known_);
    if (!found.ok()) {
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
    return *found ? std::optional(SendOutcome{std::move(**found)}) : std::nullopt;
}

SendOutcome FileSending::until_done(const std::function<Attempt()>& try_it) {
    Retries attempts = client_.retries();
    for (;;) {
        const Attempt attempt = try_it();
        const auto failure = client_.failure_of(attempt);
        if (!failure) {
            return result_of(attempt);
        }
        if (store_failure_) {
            return {*store_failure_, may_be_done(attempt)};
        }
        const bool is_unknown = may_be_done(attempt);
        if (!is_unknown && !failure->retryable()) {
            return {*failure};
        }
        const bool goes_on = attempts.wait(attempt);
        if (is_unknown && !limits_.cancel.stop_requested()) {
            if (auto found = look_for_it(*failure)) {
                return std::move(*found);
            }
        }
        if (!goes_on || !failure->retryable()) {
            return {*failure, is_unknown};
        }
    }
}

SendOutcome FileSending::send_in_form() {
    return until_done(
        [&] { return try_with_file(provider::send_in_form(client_.place(), file_, random_boundary()), 0); });
}

SendOutcome FileSending::send_in_parts(std::uint64_t part_size) {
    const auto begun = client_.ask(provider::begin_parts(client_.place(), file_));
    const auto upload_id = begun.ok() ? provider::read_id(begun->body) : begun.error();
    if (!upload_id.ok()) {
        return {upload_id.error()};
    }
    std::vector<std::string> part_ids;
    for (std::uint64_t offset = 0; offset < file_.size; offset += part_size) {
        auto part = send_part(*upload_id, offset, std::min(part_size, file_.size - offset));
        if (!part.ok()) {
            static_cast<void>(client_.try_once(provider::cancel_parts(client_.place(), *upload_id)));
            return {part.error()};
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
            return provider::read_id(attempt.answer->body);
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
    bool was_lost = false;
    SendOutcome outcome = until_done([&] {
        Attempt attempt = client_.try_once(request);
        // An upload that is complete refuses to be completed again.
        was_lost =
            was_lost || attempt.was_sent_again || (client_.failure_of(attempt) && may_be_done(attempt));
        return attempt;
    });
    if (outcome.file.ok() || outcome.may_be_there) {
        return outcome;
    }
    if (was_lost) {
        auto found = look_for_it(outcome.file.error());
        return found ? std::move(*found) : SendOutcome{outcome.file.error(), true};
    }
    static_cast<void>(client_.try_once(provider::cancel_parts(client_.place(), upload_id)));
    return outcome;
}

Result<std::string> FileSending::begin_session() {
    FILESTORE_TRY_ASSIGN(const ProviderAnswer begun,
                         client_.ask(provider::begin_session(client_.place(), file_)));
    return provider::read_session_url(client_.place(), begun.head.header("x-goog-upload-url"));
}

/// The session's URL stands for the key. Where it was cut, it is asked how much has come.
SendOutcome FileSending::send_to_session() {
    std::uint64_t offset = 0;
    std::string session;
    Retries attempts = client_.retries();
    for (;;) {
        if (session.empty()) {
            auto begun = begin_session();
            if (!begun.ok()) {
                return {begun.error()};
            }
            session = std::move(*begun);
            offset = 0;
        }
        const Attempt attempt = try_with_file(provider::send_to_session(session, offset, file_.size - offset),
                                              offset, WithKey::no);
        const auto failure = client_.failure_of(attempt);
        if (!failure) {
            return result_of(attempt);
        }
        if (store_failure_) {
            return {*store_failure_, may_be_done(attempt)};
        }
        if (!failure->retryable() && !may_be_done(attempt)) {
            return {*failure};
        }
        if (!attempts.wait(attempt)) {
            return {*failure, may_be_done(attempt)};
        }
        const auto asked = client_.ask(provider::ask_session(session), WithKey::no);
        const auto state =
            asked.ok() ? provider::read_session_state(asked->head.header("x-goog-upload-status"),
                                                      asked->head.header("x-goog-upload-size-received"))
                       : asked.error();
        if (state.ok() && !state->is_final && state->received <= file_.size) {
            if (state->received > offset) {
                attempts.note_progress();
            }
            offset = state->received;
            continue;
        }
        // It is done, or nobody knows this session any more.
        if (auto found = look_for_it(*failure)) {
            return std::move(*found);
        }
        if (state.ok() && state->is_final) {
            return {*failure, true};
        }
        session.clear();
    }
}

}  // namespace filestore
