#pragma once

/// What the peers in C++ have in common: the command line of every peer, and the figures that it prints (see bench/peers.py).

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace measure {

/// Of uploads in parts, by every peer that lets it be chosen.
inline constexpr std::size_t part_size = std::size_t{8} << 20U;
inline constexpr const char* region = "us-east-1";

/// `OPERATION ENDPOINT BUCKET SIZE COUNT CONCURRENCY [file=PATH] [pipe=yes] [payload=signed|unsigned] [mode=...]`
struct Job {
    std::string operation;
    std::string endpoint;
    std::string bucket;
    std::size_t size = 0;
    std::size_t count = 0;
    std::size_t concurrency = 1;
    std::string file;
    bool pipe = false;
    bool signed_payload = false;
    /// Which way of a peer is measured; each has its own.
    std::string mode;
    std::string access_key;
    std::string secret_key;

    /// The sink reads the size out of it.
    [[nodiscard]] std::string key(std::size_t number) const {
        return "o" + std::to_string(size) + "-" + std::to_string(number);
    }
    [[nodiscard]] std::string list_prefix() const { return "n" + std::to_string(size) + "/"; }
    [[nodiscard]] bool streams() const { return pipe || !file.empty(); }
    /// Of an endpoint that is a URL.
    [[nodiscard]] std::string host() const { return endpoint.substr(endpoint.find("://") + 3); }
};

[[noreturn]] inline void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

inline Job job_of(int count, char** words) {
    if (count < 7) {
        give_up("usage: OPERATION ENDPOINT BUCKET SIZE COUNT CONCURRENCY [NAME=VALUE...]");
    }
    const auto option = [&](std::string_view name) {
        for (int at = 7; at < count; ++at) {
            const std::string_view word(words[at]);
            if (word.starts_with(name) && word.substr(name.size()).starts_with('=')) {
                return std::string(word.substr(name.size() + 1));
            }
        }
        return std::string();
    };
    const auto environment = [](const char* name) {
        const char* const value = std::getenv(name);
        return std::string(value == nullptr ? "benchmark" : value);
    };
    Job job;
    job.operation = words[1];
    job.endpoint = words[2];
    job.bucket = words[3];
    job.size = std::strtoull(words[4], nullptr, 10);
    job.count = std::strtoull(words[5], nullptr, 10);
    job.concurrency = std::strtoull(words[6], nullptr, 10);
    job.file = option("file");
    job.pipe = !option("pipe").empty();
    job.signed_payload = option("payload") == "signed";
    job.mode = option("mode");
    job.access_key = environment("AWS_ACCESS_KEY_ID");
    job.secret_key = environment("AWS_SECRET_ACCESS_KEY");
    return job;
}

/// The body of uploads from memory; empty for everything else.
inline std::string payload_of(const Job& job) {
    if (job.operation != "put" || job.streams()) {
        return {};
    }
    std::string bytes(job.size, '\0');
    std::uint64_t state = 0x9e3779b97f4a7c15U;
    for (std::size_t at = 0; at < bytes.size(); at += sizeof state) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        std::memcpy(bytes.data() + at, &state, std::min(sizeof state, bytes.size() - at));
    }
    return bytes;
}

using Clock = std::chrono::steady_clock;

/// Collects the figures of one run; thread-safe from start() on.
class Meter {
public:
    explicit Meter(const Job& job) : latencies_(job.count) {}

    void start() {
        ::getrusage(RUSAGE_SELF, &before_);
        began_ = Clock::now();
    }

    void answered(std::size_t number, Clock::time_point started, bool succeeded) {
        const auto now = Clock::now();
        latencies_[number] = std::chrono::duration<double, std::milli>(now - started).count();
        if (!succeeded) {
            errors_.fetch_add(1);
        }
        if (number == 0) {
            first_answer_ = now.time_since_epoch().count();
        }
    }

    void print() {
        const double wall = std::chrono::duration<double>(Clock::now() - began_).count();
        rusage used{};
        ::getrusage(RUSAGE_SELF, &used);
        std::sort(latencies_.begin(), latencies_.end());
        std::printf(
            "{\"operations\": %zu, \"errors\": %zu, \"wall_s\": %.6f, \"user_s\": %.6f, \"system_s\": %.6f, "
            "\"p50_ms\": %.4f, \"p99_ms\": %.4f, \"peak_kib\": %ld, \"first_answer_ns\": %lld}\n",
            latencies_.size(), errors_.load(), wall, seconds(used.ru_utime) - seconds(before_.ru_utime),
            seconds(used.ru_stime) - seconds(before_.ru_stime), quantile(0.5), quantile(0.99), used.ru_maxrss,
            static_cast<long long>(first_answer_));
        std::fflush(stdout);
    }

private:
    static double seconds(const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    }

    [[nodiscard]] double quantile(double part) const {
        const auto at = static_cast<std::size_t>(part * static_cast<double>(latencies_.size()));
        return latencies_[std::min(at, latencies_.size() - 1)];
    }

    std::vector<double> latencies_;
    std::atomic<std::size_t> errors_{0};
    std::int64_t first_answer_ = 0;
    Clock::time_point began_{};
    rusage before_{};
};

/// Calls one(worker, number) for each number below the count, on as many threads as calls go on at a time; it answers whether it succeeded.
template <class One>
void run_threads(const Job& job, const One& one) {
    Meter meter(job);
    std::atomic<std::size_t> next{0};
    const auto work = [&](std::size_t worker) {
        for (std::size_t number = next++; number < job.count; number = next++) {
            const auto started = Clock::now();
            const bool succeeded = one(worker, number);
            meter.answered(number, started, succeeded);
        }
    };
    meter.start();
    if (job.concurrency == 1) {
        work(0);
    } else {
        std::vector<std::thread> threads;
        for (std::size_t worker = 0; worker < job.concurrency; ++worker) {
            threads.emplace_back(work, worker);
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
    }
    meter.print();
}

}  // namespace measure
