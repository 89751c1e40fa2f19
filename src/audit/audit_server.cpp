#include "audit/audit_server.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "core/try.h"
#include "http/curl_transport.h"

namespace filestore {
namespace {

using postgrest::Refusal;
using postgrest::Refused;

constexpr std::chrono::seconds longest_wait{60};
constexpr unsigned most_connections = 4;
/// Error documents are short; of a longer answer only its beginning is looked at.
constexpr std::size_t most_body = std::size_t{64} * 1024;

/// The answers to requests that were sent together. A resource held by std::shared_ptr; thread-safe.
class Answers {
public:
    explicit Answers(std::size_t expected) : missing_(expected) {}

    void add(std::optional<Refused> refused) noexcept {
        const std::lock_guard lock(mutex_);
        if (refused && (!worst_ || weight(refused->refusal) > weight(worst_->refusal))) {
            worst_ = std::move(refused);
        }
        if (--missing_ == 0) {
            all_came_.notify_one();
        }
    }

    std::optional<Refused> wait() {
        std::unique_lock lock(mutex_);
        all_came_.wait(lock, [this] { return missing_ == 0; });
        return std::move(worst_);
    }

private:
    /// What says something of a row stands behind what would stop every row.
    static int weight(Refusal refusal) noexcept {
        return refusal == Refusal::of_a_row || refusal == Refusal::of_size ? 0 : 1;
    }

    std::mutex mutex_;
    std::condition_variable all_came_;
    std::size_t missing_;
    std::optional<Refused> worst_;
};

/// One request under way.
class Exchange final : public http::Receiver {
public:
    explicit Exchange(std::shared_ptr<Answers> answers) : answers_(std::move(answers)) {}

    Result<void> on_head(const http::ResponseHead& head) override {
        status_ = head.status;
        return {};
    }

    Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake&) override {
        const std::size_t kept = std::min(bytes.size(), most_body - body_.size());
        body_.append(reinterpret_cast<const char*>(bytes.data()), kept);
        return IoStep{bytes.size(), false};
    }

    void on_done(Result<void> outcome) noexcept override {
        answers_->add(meaning_of(outcome));
        answers_.reset();
    }

private:
    std::optional<Refused> meaning_of(const Result<void>& outcome) noexcept {
        try {
            if (outcome.ok()) {
                return postgrest::read_refusal(status_, body_);
            }
            const bool lasts = outcome.error().code() == ErrorCode::configuration;
            return Refused{lasts ? Refusal::of_the_table : Refusal::for_now,
                           outcome.error().within("the audit server")};
        } catch (const std::bad_alloc&) {
            return Refused{Refusal::for_now, Error(ErrorCode::no_memory)};
        }
    }

    std::shared_ptr<Answers> answers_;
    int status_ = 0;
    std::string body_;
};

http::Method method_of(postgrest::Method method) {
    return method == postgrest::Method::post ? http::Method::post : http::Method::patch;
}

http::TransportOptions transport_options(const AuditOptions& options,
                                         const std::shared_ptr<Reactor>& reactor) {
    http::TransportOptions transport;
    transport.event_loops = 1;
    transport.max_connections = most_connections;
    transport.expect_threshold.reset();
    transport.ca_file = options.ca_file;
    transport.reactor = reactor;
    return transport;
}

using Rows = std::vector<CatalogueRow>;

Result<void> add_insertion(std::vector<postgrest::Request>& requests, const std::string& table,
                           const Rows& rows) {
    if (!rows.empty()) {
        FILESTORE_TRY_ASSIGN(auto request, postgrest::insert_rows(table, rows));
        requests.push_back(std::move(request));
    }
    return {};
}

/// Rows for those files of which the table may have none yet.
Result<std::vector<postgrest::Request>> insertions(const std::string& table,
                                                   std::span<const OutboxEntry> entries) {
    Rows with_time;
    Rows without_time;
    for (const OutboxEntry& entry : entries) {
        (entry.row.uploaded_at ? with_time : without_time).push_back(entry.row);
    }
    std::vector<postgrest::Request> requests;
    FILESTORE_TRY(add_insertion(requests, table, with_time));
    FILESTORE_TRY(add_insertion(requests, table, without_time));
    return requests;
}

/// For files of which the table may have had a row before.
Result<std::vector<postgrest::Request>> deletions(const std::string& table,
                                                  std::span<const OutboxEntry> entries) {
    std::map<Timestamp, std::vector<FileId>> by_time;
    for (const OutboxEntry& entry : entries) {
        if (entry.row.deleted_at && !entry.never_told) {
            by_time[*entry.row.deleted_at].push_back(entry.row.id);
        }
    }
    std::vector<postgrest::Request> requests;
    for (const auto& [at, all] : by_time) {
        for (std::span<const FileId> ids(all); !ids.empty();) {
            const auto some = ids.first(std::min(ids.size(), postgrest::most_ids_in_filter));
            FILESTORE_TRY_ASSIGN(auto request, postgrest::mark_deleted(table, some, at));
            requests.push_back(std::move(request));
            ids = ids.subspan(some.size());
        }
    }
    return requests;
}

}  // namespace

Result<std::shared_ptr<AuditServer>> AuditServer::open(const AuditOptions& options) {
    FILESTORE_TRY_ASSIGN(auto endpoint, postgrest::parse_endpoint(options.url));
    FILESTORE_TRY_ASSIGN(auto headers, postgrest::key_headers(options.key));
    FILESTORE_TRY(postgrest::check_table(options.table));
    return std::shared_ptr<AuditServer>(new AuditServer(std::move(endpoint), std::move(headers), options));
}

AuditServer::AuditServer(postgrest::Endpoint endpoint, std::vector<postgrest::Header> key_headers,
                         const AuditOptions& options)
    : endpoint_(std::move(endpoint)),
      key_headers_(std::move(key_headers)),
      secrets_{SecretString(std::string_view(options.key))},
      table_(options.table),
      reactor_(std::make_shared<Reactor>()),
      transport_(http::make_curl_transport(transport_options(options, reactor_))) {}

AuditServer::~AuditServer() = default;

std::optional<Refused> AuditServer::tell(std::span<const OutboxEntry> entries,
                                         const std::stop_token& cancel) {
    for (const auto make : {insertions, deletions}) {
        const auto requests = make(table_, entries);
        if (!requests.ok()) {
            return Refused{Refusal::of_the_table, requests.error()};
        }
        if (auto refused = send(*requests, cancel)) {
            return Refused{refused->refusal, without_secrets(refused->error, secrets_)};
        }
    }
    return std::nullopt;
}

std::optional<Refused> AuditServer::send(const std::vector<postgrest::Request>& requests,
                                         const std::stop_token& cancel) {
    if (requests.empty()) {
        return std::nullopt;
    }
    const auto answers = std::make_shared<Answers>(requests.size());
    std::vector<std::pair<http::Request, std::shared_ptr<Exchange>>> prepared;
    prepared.reserve(requests.size());
    for (const postgrest::Request& request : requests) {
        prepared.emplace_back(http_request(request, cancel), std::make_shared<Exchange>(answers));
    }
    for (auto& [request, exchange] : prepared) {
        transport_->send(std::move(request), exchange);
    }
    return answers->wait();
}

http::Request AuditServer::http_request(const postgrest::Request& request,
                                        const std::stop_token& cancel) const {
    http::Request made;
    made.method = method_of(request.method);
    made.url = endpoint_.base + request.target;
    for (const auto* headers : {&key_headers_, &request.headers}) {
        for (const postgrest::Header& header : *headers) {
            made.headers.push_back({header.name, header.value});
        }
    }
    made.body = source_from_string(request.body);
    made.body_size = request.body.size();
    made.cancel = cancel;
    made.deadline = std::chrono::steady_clock::now() + longest_wait;
    return made;
}

void AuditServer::close() noexcept {
    transport_->close();
    reactor_->join();
}

}  // namespace filestore
