// A process of the soak (test_soak.py): uploads, deletes and cleans up at random until it is killed or its input ends.
//
//   soak_worker STORE LEDGERS NAME SEED AGE
//
// Its clock goes AGE days behind; its files are of that age in the store, too. Every answer goes to LEDGERS/NAME, one line by one write, so that none is lost by
// a kill:
//
//   U ID KEY    stored, under a name that is KEY; its bytes can be told from KEY
//   A ID        made as old as the clock says
//   B ID        its deletion is about to begin
//   D ID        deleted
//   N ID        was not there to be deleted
//   C COUNT     a cleanup removed so many
//   R CODE      a cleanup was refused
//   E CODE      another operation failed

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "filestore/service.h"

namespace {

using namespace filestore;

constexpr unsigned threads_of_a_worker = 3;
constexpr unsigned operations_for_a_cleanup = 400;
constexpr unsigned uploads_of_ten = 6;
/// Bytes: some go through memory, some through a staged file.
constexpr unsigned largest_file = 100'000;

class ClockBehind final : public Clock {
public:
    explicit ClockBehind(std::chrono::days age) : age_(age) {}
    [[nodiscard]] Timestamp now() const noexcept override { return system_clock()->now() - age_; }

private:
    const std::chrono::days age_;
};

/// The bytes of a file are its key, again and again; the key ends with their count.
std::string content_of(const std::string& key) {
    const std::size_t size = std::stoul(key.substr(key.rfind('-') + 1));
    std::string content;
    content.reserve(size + key.size());
    while (content.size() < size) {
        content += key;
    }
    content.resize(size);
    return content;
}

class Ledger {
public:
    explicit Ledger(const std::filesystem::path& path)
        : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}

    void write(const std::string& line) const {
        const std::string whole = line + '\n';
        if (::write(file_, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) {
            std::cerr << "soak_worker: cannot write the ledger\n";
            std::_Exit(EXIT_FAILURE);
        }
    }

private:
    const int file_;
};

/// What may be deleted: what all ledgers say to be stored, so that workers want the same files.
class Files {
public:
    void read(const std::filesystem::path& ledger) {
        std::ifstream lines(ledger);
        for (std::string kind, id, rest; lines >> kind >> id && std::getline(lines, rest);) {
            if (kind == "U") {
                ids_.insert(id);
            } else if (kind == "D" || kind == "N") {
                gone_.insert(id);
            }
        }
    }

    void read_all(const std::filesystem::path& ledgers) {
        for (const auto& entry : std::filesystem::directory_iterator(ledgers)) {
            read(entry.path());
        }
        for (const std::string& id : gone_) {
            ids_.erase(id);
        }
    }

    void add(const std::string& id) {
        const std::lock_guard lock(mutex_);
        ids_.insert(id);
    }

    /// One by chance, which is not given again; empty where there is none.
    std::string take() {
        const std::lock_guard lock(mutex_);
        // Any ID is near a random one.
        const FileId near = FileId::generate().value();
        auto found = ids_.lower_bound(near.str());
        if (found == ids_.end()) {
            found = ids_.begin();
        }
        return found == ids_.end() ? std::string() : ids_.extract(found).value();
    }

private:
    std::mutex mutex_;
    std::set<std::string> ids_;
    std::set<std::string> gone_;
};

class Worker {
public:
    Worker(FileService service, std::filesystem::path store, const std::filesystem::path& ledgers,
           std::string name, std::chrono::days age)
        : service_(std::move(service)),
          store_(std::move(store)),
          ledger_(ledgers / name),
          name_(std::move(name)),
          age_(age) {
        files_.read_all(ledgers);
    }

    void run(unsigned seed) {
        std::vector<std::thread> threads;
        for (unsigned each = 0; each < threads_of_a_worker; ++each) {
            threads.emplace_back([this, seed, each] { work(seed * threads_of_a_worker + each); });
        }
        wait_for_the_end_of_input();
        is_over_ = true;
        for (std::thread& thread : threads) {
            thread.join();
        }
    }

private:
    static void wait_for_the_end_of_input() {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        while (::poll(&input, 1, -1) < 0) {
        }
    }

    void work(unsigned seed) {
        std::minstd_rand random(seed + 1);
        for (unsigned number = 0; !is_over_; ++number) {
            const bool cleans = age_.count() == 0 && random() % operations_for_a_cleanup == 0;
            if (cleans) {
                clean_up();
            } else if (random() % 10 < uploads_of_ten) {
                upload(name_ + '-' + std::to_string(seed) + '-' + std::to_string(number) + '-' +
                       std::to_string(random() % 8 == 0 ? random() % largest_file : random() % 4096));
            } else {
                remove();
            }
        }
    }

    void upload(const std::string& key) {
        FileUpload file;
        file.source = source_from_string(content_of(key));
        file.path = key;
        file.metadata = Metadata::parse("{\"key\":\"" + key + "\",\"age\":" + std::to_string(age_.count()) +
                                        ",\"text\":\"\u00e4 \\u0022+\"}")
                            .value();
        const auto id = service_.upload(std::move(file));
        if (!id.ok()) {
            return note_failure(id.error());
        }
        ledger_.write("U " + id->str() + ' ' + key);
        files_.add(id->str());
        make_old(id->str());
    }

    /// As cleanup looks at the store's times, too. Another worker may have deleted it.
    void make_old(const std::string& id) {
        if (age_.count() == 0) {
            return;
        }
        const auto then = std::chrono::file_clock::now() - age_;
        std::error_code failure;
        std::filesystem::last_write_time(store_ / id, then, failure);
        if (!failure) {
            ledger_.write("A " + id + " .");
        }
    }

    void remove() {
        const std::string id = files_.take();
        if (id.empty()) {
            return;
        }
        ledger_.write("B " + id + " .");
        const auto removed = service_.remove({.id = FileId::parse(id).value()});
        if (!removed.ok()) {
            return note_failure(removed.error());
        }
        ledger_.write((*removed ? "D " : "N ") + id + " .");
    }

    void clean_up() {
        const auto report = service_.cleanup({.days = 30});
        if (report.ok()) {
            ledger_.write("C " + std::to_string(report->removed) + " .");
        } else {
            ledger_.write("R " + std::string(to_string(report.error().code())) + ' ' +
                          std::string(report.error().message()));
        }
    }

    void note_failure(const Error& error) {
        ledger_.write("E " + std::string(to_string(error.code())) + ' ' + std::string(error.message()));
    }

    FileService service_;
    const std::filesystem::path store_;
    const Ledger ledger_;
    const std::string name_;
    const std::chrono::days age_;
    Files files_;
    std::atomic<bool> is_over_{false};
};

}  // namespace

int main(int count, char** words) {
    if (count != 6) {
        return 2;
    }
    // Nothing of the test outlives it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::chrono::days age(std::atoi(words[5]));
    ServiceOptions options;
    options.local.base_path = words[1];
    options.clock = std::make_shared<ClockBehind>(age);
    auto service = FileService::open(std::move(options));
    if (!service.ok()) {
        std::cerr << "soak_worker: " << service.error().message() << '\n';
        return EXIT_FAILURE;
    }
    Worker(std::move(*service), words[1], words[2], words[3], age)
        .run(static_cast<unsigned>(std::atoi(words[4])));
    return EXIT_SUCCESS;
}
