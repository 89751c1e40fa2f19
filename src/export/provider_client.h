#pragma once

/// A provider, as far as its files go: asked again where that may help.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "export/exchange.h"
#include "filestore/file_exporter.h"

namespace filestore {

/// For the pauses between attempts. A value (shared handles).
struct RetryTerms {
    ExportRetryOptions options;
    std::shared_ptr<Clock> clock;
};

/// The attempts of one request, or of several with one purpose. One thread at a time.
class Retries {
public:
    Retries(RetryTerms terms, CallOptions limits) : terms_(std::move(terms)), limits_(std::move(limits)) {}

    /// Waits before the next attempt, as long as the answer to the last one wishes. False where none is to follow: there were enough of them, it would come after the deadline, or the call was cancelled.
    [[nodiscard]] bool wait(const Attempt& failed);

    /// Something got on: attempts are counted anew.
    void note_progress() noexcept { attempts_ = 1; }

private:
    const RetryTerms terms_;
    const CallOptions limits_;
    unsigned attempts_ = 1;
};

/// A resource; one thread at a time; blocks.
class ProviderClient {
public:
    /// `purpose` is that of the copies which it is about; empty where the provider knows none.
    ProviderClient(Correspondence with, RetryTerms retry, std::string purpose)
        : with_(std::move(with)), retry_(std::move(retry)), purpose_(std::move(purpose)) {}

    [[nodiscard]] const provider::Profile& profile() const noexcept { return *with_.place.profile; }
    [[nodiscard]] const provider::Place& place() const noexcept { return with_.place; }
    [[nodiscard]] Retries retries() const { return {retry_, with_.limits}; }

    /// One attempt.
    [[nodiscard]] Attempt try_once(const provider::Outgoing& request, std::shared_ptr<Source> body = nullptr,
                                   WithKey with_key = WithKey::yes) const {
        return exchange(with_, request, std::move(body), with_key);
    }

    /// The answer to a request that may be sent several times.
    [[nodiscard]] Result<ProviderAnswer> ask(const provider::Outgoing& request,
                                             WithKey with_key = WithKey::yes) const;

    /// The failure that an attempt came to; nothing where it is a success.
    [[nodiscard]] std::optional<Error> failure_of(const Attempt& attempt) const;

    /// The files in the provider's list that were sent under a name.
    [[nodiscard]] Result<std::vector<provider::RemoteFile>> find(std::string_view sent_name) const;

    /// The same where one at most is right: `outcome_unknown` for several.
    [[nodiscard]] Result<std::optional<provider::RemoteFile>> find_one(std::string_view sent_name) const;

    /// Once it succeeds the provider has said so, or that there is no such file.
    [[nodiscard]] Result<void> remove(const std::string& provider_id) const;

    /// The same client for calls of other limits.
    [[nodiscard]] ProviderClient limited_to(const CallOptions& limits) const;

private:
    using PageVisitor = std::function<Result<void>(std::vector<provider::RemoteFile>)>;

    /// Of the provider's list, until the visitor fails, or all of it has come and `is_enough`.
    [[nodiscard]] Result<void> visit_pages(const PageVisitor& visit,
                                           const std::function<bool()>& is_enough) const;
    [[nodiscard]] Result<std::vector<provider::RemoteFile>> look_for(std::string_view sent_name,
                                                                     bool is_first_enough) const;
    [[nodiscard]] Result<ProviderAnswer> first_page(std::string_view& purpose) const;
    [[nodiscard]] Result<bool> lists(const std::string& provider_id) const;
    /// Behind an answer that may say that there is no such file, see provider::may_say_missing().
    [[nodiscard]] Result<void> check_removed(const std::string& provider_id, const Error& answer) const;
    /// The last of the attempts.
    [[nodiscard]] Attempt insist(const provider::Outgoing& request, WithKey with_key) const;

    const Correspondence with_;
    const RetryTerms retry_;
    const std::string purpose_;
};

/// Whether a request may have been carried out: an answer says so, or it went out whole, and no answer refuses it. Gateways answer any status of 500 and above after what is behind them took a request.
[[nodiscard]] bool may_be_done(const Attempt& attempt) noexcept;

/// Whether it was cut while its body came: some servers make a file of what they have.
[[nodiscard]] bool may_be_kept(const Attempt& attempt) noexcept;

}  // namespace filestore
