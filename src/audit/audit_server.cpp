#include "audit/audit_server.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <numeric>
#include <optional>
#include <utility>

#include "audit/row_teller.h"
#include "core/call_limits.h"
#include "core/try.h"
#include "http/curl_transport.h"

namespace filestore {
namespace {

constexpr std::chrono::seconds longest_sending{20};

/// Between the tries of a request that somebody waits for.
constexpr std::array<std::chrono::milliseconds, 3> pauses{
    std::chrono::milliseconds(250), std::chrono::milliseconds(500), std::chrono::milliseconds(1000)};

http::TransportOptions transport_options(const AuditOptions& options,
                                         const std::shared_ptr<Reactor>& reactor) {
    http::TransportOptions transport;
    transport.event_loops = 1;
    transport.max_connections = most_requests_under_way;
    transport.expect_threshold.reset();
    transport.ca_file = options.ca_file;
    transport.name_of_ca_file = "audit_ca_file (storage.audit.ca_file)";
    transport.reactor = reactor;
    return transport;
}

}  // namespace

Result<std::shared_ptr<AuditServer>> AuditServer::open(const AuditOptions& options) {
    Correspondent correspondent;
    FILESTORE_TRY_ASSIGN(correspondent.endpoint,
                         postgrest::parse_endpoint(options.url, options.allow_plain_http));
    FILESTORE_TRY_ASSIGN(correspondent.key_headers, postgrest::key_headers(options.key));
    FILESTORE_TRY(postgrest::check_table(options.table));
    correspondent.table = options.table;
    correspondent.secrets.emplace_back(std::string_view(options.key));
    return std::shared_ptr<AuditServer>(new AuditServer(std::move(correspondent), options));
}

AuditServer::AuditServer(Correspondent correspondent, const AuditOptions& options)
    : correspondent_(std::move(correspondent)),
      reactor_(std::make_shared<Reactor>()),
      transport_(http::make_curl_transport(transport_options(options, reactor_))),
      askers_(ThreadPoolOptions{}) {}

AuditServer::~AuditServer() = default;

std::vector<Verdict> AuditServer::tell(std::span<const OutboxEntry> entries, const std::stop_token& cancel) {
    const auto last_sending = std::chrono::steady_clock::now() + longest_sending;
    const Send send = [&](const std::vector<postgrest::Request>& requests) {
        return exchange(*transport_, correspondent_, requests, last_sending, cancel);
    };
    return tell_rows(table(), entries, send);
}

bool AuditServer::takes_a_row(Timestamp now, const std::stop_token& cancel) {
    const auto id = FileId::generate();
    const auto request = id.ok() ? postgrest::write_in_vain(table(), *id, now) : id.error();
    if (!request.ok()) {
        return false;
    }
    const auto last_sending = std::chrono::steady_clock::now() + longest_sending;
    const Reply reply = exchange(*transport_, correspondent_, {*request}, last_sending, cancel).front();
    return reply.refused && reply.refused->error.details().server_code == postgrest::two_of_one_file;
}

Result<std::string> AuditServer::ask(const postgrest::Request& request, const CallOptions& limits) {
    FILESTORE_TRY_ASSIGN(auto answers, ask_all({request}, limits));
    return std::move(answers.front());
}

Result<std::vector<std::string>> AuditServer::ask_all(std::vector<postgrest::Request> requests,
                                                      const CallOptions& limits) {
    FILESTORE_TRY(check_call_limits(limits.cancel, limits.deadline));
    std::vector<std::string> answers(requests.size());
    std::vector<std::size_t> places(requests.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    for (std::size_t failures = 0;; ++failures) {
        auto replies =
            exchange(*transport_, correspondent_, requests,
                     std::chrono::steady_clock::now() + longest_sending, limits.cancel, limits.deadline);
        if (limits.cancel.stop_requested()) {
            return Error(ErrorCode::cancelled);
        }
        std::optional<postgrest::Refused> refused;
        std::vector<postgrest::Request> again;
        std::vector<std::size_t> places_again;
        for (std::size_t i = 0; i < replies.size(); ++i) {
            if (!replies[i].refused) {
                answers[places[i]] = std::move(replies[i].body);
                continue;
            }
            if (!refused || replies[i].refused->refusal != postgrest::Refusal::for_now) {
                refused = std::move(replies[i].refused);
            }
            again.push_back(std::move(requests[i]));
            places_again.push_back(places[i]);
        }
        if (!refused) {
            return answers;
        }
        const bool may_pass = refused->refusal == postgrest::Refusal::for_now;
        if (!may_pass || failures == pauses.size() || !pause_within(limits, pauses[failures])) {
            return refused->error;
        }
        requests = std::move(again);
        places = std::move(places_again);
    }
}

void AuditServer::post(std::function<void()> work) {
    askers_.post(std::move(work));
}

void AuditServer::close() noexcept {
    transport_->close();
    askers_.join();
    reactor_->join();
}

}  // namespace filestore
