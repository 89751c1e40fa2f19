#include "serve/metrics/metrics.h"

#include <algorithm>
#include <charconv>

#include "filestore/version.h"

namespace filestore::tool::serve {

namespace {

double seconds_of(Timestamp time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::string number_text(double number) {
    std::array<char, 64> text{};
    const auto written = std::to_chars(text.data(), text.data() + text.size(), number);
    return {text.data(), written.ptr};
}

std::string labels_of(const Route* route) {
    const std::string_view method = route == nullptr ? "other" : route->method;
    const std::string_view path = route == nullptr ? "other" : route->path;
    return "method=\"" + std::string(method) + "\",route=\"" + std::string(path) + '"';
}

}  // namespace

/// Families of the text format: each has its head once. Labels hold nothing that would need an escape.
class Metrics::Writer {
public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        const std::string named = " filestore_" + name_ + ' ';
        text_ += "# HELP" + named + std::string(help) + "\n# TYPE" + named + std::string(type) + '\n';
    }

    void sample(const std::string& labels, const std::string& value, std::string_view suffix = {}) {
        text_ += "filestore_" + name_ + std::string(suffix);
        text_ += labels.empty() ? " " : '{' + labels + "} ";
        text_ += value + '\n';
    }

    void single(std::string_view name, std::string_view type, std::string_view help,
                const std::string& value) {
        family(name, type, help);
        sample({}, value);
    }

    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string name_;
    std::string text_;
};

void Metrics::request_ended(const Exchange& exchange, const Traffic& traffic) {
    const Route* route = exchange.route();
    if (exchange.is_upload()) {
        --uploads_;
    }
    const double seconds = std::chrono::duration<double>(traffic.duration).count();
    const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
    const std::lock_guard lock(mutex_);
    RouteCounts& counts = routes_[route];
    ++counts.requests[traffic.status];
    ++counts.durations[static_cast<std::size_t>(bucket)];
    counts.seconds += seconds;
    counts.received += traffic.received;
    counts.sent += traffic.sent;
    if (!traffic.broken_rule.empty()) {
        ++refused_[traffic.broken_rule];
    }
}

void Metrics::cleanup_ended(const Result<CleanupReport>& report, std::uint64_t failed, Timestamp now) {
    const std::lock_guard lock(mutex_);
    failed_cleanups_ += report.ok() ? 0 : 1;
    files_that_cleanups_failed_on_ += failed;
    last_cleanup_ = LastCleanup{now, report.ok() && failed == 0, report.ok() ? report->removed : 0, failed};
}

void Metrics::write_requests(Writer& writer) const {
    writer.family("http_requests_total", "counter",
                  "Requests that have ended; status 0: cut off before their answer.");
    for (const auto& [route, counts] : routes_) {
        for (const auto& [status, count] : counts.requests) {
            writer.sample(labels_of(route) + ",status=\"" + std::to_string(status) + '"',
                          std::to_string(count));
        }
    }
}

void Metrics::write_durations(Writer& writer) const {
    writer.family("http_request_duration_seconds", "histogram",
                  "From the head of a request to the end of its answer.");
    for (const auto& [route, counts] : routes_) {
        const std::string labels = labels_of(route);
        std::uint64_t count = 0;
        for (std::size_t at = 0; at < bounds.size(); ++at) {
            count += counts.durations[at];
            writer.sample(labels + ",le=\"" + number_text(bounds[at]) + '"', std::to_string(count),
                          "_bucket");
        }
        count += counts.durations.back();
        writer.sample(labels + ",le=\"+Inf\"", std::to_string(count), "_bucket");
        writer.sample(labels, number_text(counts.seconds), "_sum");
        writer.sample(labels, std::to_string(count), "_count");
    }
}

void Metrics::write_bytes(Writer& writer) const {
    writer.family("http_received_bytes_total", "counter", "Bytes of the bodies of requests.");
    for (const auto& [route, counts] : routes_) {
        writer.sample(labels_of(route), std::to_string(counts.received));
    }
    writer.family("http_sent_bytes_total", "counter",
                  "Bytes of the bodies of answers; of a large file, all that were to be sent, also where the "
                  "client left before.");
    for (const auto& [route, counts] : routes_) {
        writer.sample(labels_of(route), std::to_string(counts.sent));
    }
}

void Metrics::write_cleanup(Writer& writer) const {
    writer.single("cleanup_failed_runs_total", "counter", "Cleanups that ended with an error.",
                  std::to_string(failed_cleanups_));
    writer.single("cleanup_failed_files_total", "counter",
                  "How often a cleanup could not look at a file or remove it.",
                  std::to_string(files_that_cleanups_failed_on_));
    if (!last_cleanup_) {
        return;
    }
    writer.single("last_cleanup_timestamp_seconds", "gauge", "When the last cleanup of this process ended.",
                  number_text(seconds_of(last_cleanup_->at)));
    writer.single("last_cleanup_success", "gauge", "1 where it ended well, and no file failed.",
                  last_cleanup_->is_ok ? "1" : "0");
    writer.single("last_cleanup_removed_files", "gauge", "How many files it removed.",
                  std::to_string(last_cleanup_->removed));
    writer.single("last_cleanup_failed_files", "gauge", "How many files it failed on.",
                  std::to_string(last_cleanup_->failed));
}

std::string Metrics::text(const std::optional<AuditStatus>& audit, Timestamp now) const {
    Writer writer;
    writer.family("build_info", "gauge", "What runs.");
    writer.sample("version=\"" + std::string(version()) + '"', "1");
    writer.single("http_connections", "gauge", "Connections that are open.", std::to_string(connections_));
    writer.single("uploads_in_progress", "gauge", "Requests that store a file.", std::to_string(uploads_));
    writer.family("reloads_total", "counter", "How often the configuration was read again.");
    writer.sample("outcome=\"ok\"", std::to_string(reloads_));
    writer.sample("outcome=\"failed\"", std::to_string(failed_reloads_));
    if (audit) {
        const auto age =
            audit->oldest ? std::max(now - *audit->oldest, Timestamp::duration()) : Timestamp::duration();
        writer.single("audit_pending", "gauge", "Files of which the audit server is still to be told.",
                      std::to_string(audit->pending));
        writer.single("audit_delivered_total", "counter", "How often it was told something of a file.",
                      std::to_string(audit->delivered));
        writer.single("audit_parked", "gauge", "Files that it refuses.", std::to_string(audit->parked));
        writer.single("audit_oldest_seconds", "gauge", "For how long the oldest of them has waited.",
                      number_text(std::chrono::duration<double>(age).count()));
    }
    const std::lock_guard lock(mutex_);
    write_requests(writer);
    write_durations(writer);
    write_bytes(writer);
    writer.family("refused_uploads_total", "counter", "Uploads that broke a rule of storage.validation.");
    for (const auto& [rule, count] : refused_) {
        writer.sample("rule=\"" + rule + '"', std::to_string(count));
    }
    write_cleanup(writer);
    return writer.take();
}

}  // namespace filestore::tool::serve
