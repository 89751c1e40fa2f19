#include "service/schedule/cleanup_scheduler.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "filestore/service.h"
#include "support/child_process.h"
#include "support/code_of.h"
#include "support/eventually.h"
#include "support/settable_clock.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr SchedulerPauses no_pauses{milliseconds(1), milliseconds(1)};
constexpr SchedulerPauses long_pauses{milliseconds(86'400'000), milliseconds(86'400'000)};

Timestamp noon() {
    return Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)) + hours(12);
}

/// Schedulers of one catalogue, whose clock the test moves. What they run is counted.
struct Scene {
    TemporaryDirectory directory;
    std::shared_ptr<SettableClock> clock = std::make_shared<SettableClock>(noon());
    std::shared_ptr<StorageBackend> backend = store();
    std::shared_ptr<PendingCalls> calls = std::make_shared<PendingCalls>();
    std::atomic<int> runs{0};
    std::atomic<int> failures{0};
    /// What a run does.
    std::function<Result<CleanupReport>()> work = [] { return CleanupReport(); };

    [[nodiscard]] std::shared_ptr<StorageBackend> store() const {
        LocalOptions options;
        options.base_path = directory.file("store");
        options.durability = Durability::none;
        return open_local_backend(options).value();
    }

    [[nodiscard]] std::string catalogue_path() const { return directory.file("catalogue.sqlite"); }

    [[nodiscard]] std::shared_ptr<Journal> journal() const {
        return std::make_shared<Journal>(catalogue_path(), backend, calls, nullptr, system_clock(), false);
    }

    std::shared_ptr<CleanupScheduler> scheduler(const std::string& expression = "0 * * * *",
                                                seconds jitter = seconds(0),
                                                SchedulerPauses pauses = no_pauses) {
        return std::make_shared<CleanupScheduler>(
            CronSchedule::parse(expression).value(), jitter, journal(), clock,
            [this] {
                ++runs;
                return work();
            },
            [this](const Result<CleanupReport>& report) { failures += report.ok() ? 0 : 1; }, pauses);
    }

    [[nodiscard]] Timestamp noted() const { return journal()->cleaned_at().value().value(); }
};

/// Ends with the test.
struct Running {
    std::shared_ptr<CleanupScheduler> scheduler;

    explicit Running(std::shared_ptr<CleanupScheduler> made) : scheduler(std::move(made)) {
        REQUIRE(scheduler->start().ok());
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
        scheduler->request_stop();
        scheduler->join();
    }
};

/// Opens for everybody, once. Thread-safe.
class Gate {
public:
    void open() {
        const std::lock_guard lock(mutex_);
        is_open_ = true;
        changed_.notify_all();
    }
    void pass() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return is_open_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_open_ = false;
};

}  // namespace

TEST_CASE("a cleanup runs at each time of its schedule, and not before", "[schedule][cleanup]") {
    Scene scene;
    const Running running(scene.scheduler());
    CHECK(running.scheduler->next() == noon() + hours(1));
    for (int hour = 1; hour <= 3; ++hour) {
        scene.clock->advance(hours(1));
        REQUIRE(eventually([&] { return running.scheduler->next() == noon() + hours(hour + 1); }));
        CHECK(scene.runs == hour);
        CHECK(scene.noted() == noon() + hours(hour));
    }
}

TEST_CASE("times that nobody was there for are caught up by one run", "[schedule][cleanup]") {
    Scene scene;
    { const Running first(scene.scheduler()); }
    scene.clock->advance(hours(100) + minutes(30));
    const Running running(scene.scheduler("0 * * * *", hours(1)));
    REQUIRE(eventually([&] { return running.scheduler->next() == noon() + hours(101); }));
    CHECK(scene.runs == 1);
}

TEST_CASE("a new catalogue has nothing to catch up", "[schedule][cleanup]") {
    Scene scene;
    const Running running(scene.scheduler("* * * * *"));
    CHECK(scene.noted() == noon());
    CHECK(running.scheduler->next() == noon() + minutes(1));
}

TEST_CASE("a run begins within its jitter", "[schedule][cleanup]") {
    Scene scene;
    const Running running(scene.scheduler("0 * * * *", minutes(10)));
    scene.clock->advance(hours(1) - seconds(1));
    while (scene.runs == 0) {
        CHECK(running.scheduler->next() == noon() + hours(1));
        scene.clock->advance(milliseconds(500));
        std::this_thread::sleep_for(milliseconds(1));
        REQUIRE(scene.clock->now() < noon() + hours(2));
    }
    REQUIRE(eventually([&] { return running.scheduler->next() > noon() + hours(1); }));
    CHECK(scene.noted() >= noon() + hours(1));
}

TEST_CASE("a run that fails is told of and made again until it succeeds", "[schedule][cleanup]") {
    Scene scene;
    scene.work = [&]() -> Result<CleanupReport> {
        return scene.runs < 3 ? Result<CleanupReport>(Error(ErrorCode::unavailable, "as the test wants"))
                              : CleanupReport();
    };
    const Running running(scene.scheduler());
    scene.clock->advance(hours(1));
    REQUIRE(eventually([&] { return running.scheduler->next() == noon() + hours(2); }));
    CHECK(scene.runs == 3);
    CHECK(scene.failures == 2);
}

TEST_CASE("a clock that is set back does not keep the schedule waiting", "[schedule][cleanup]") {
    Scene scene;
    { const Running first(scene.scheduler()); }
    scene.clock->advance(-hours(1000));
    const Running running(scene.scheduler());
    CHECK(running.scheduler->next() == noon() - hours(999));
    scene.clock->advance(hours(1));
    REQUIRE(eventually([&] { return scene.runs == 1; }));
}

TEST_CASE("a schedule ends at once while it waits", "[schedule][cleanup]") {
    Scene scene;
    const Running running(scene.scheduler("0 * * * *", seconds(0), long_pauses));
    running.scheduler->request_stop();
    running.scheduler->join();
    CHECK(scene.runs == 0);
}

TEST_CASE("one of two schedulers of a catalogue runs a time, and neither runs beside the other",
          "[schedule][cleanup]") {
    Scene scene;
    Gate gate;
    scene.work = [&] {
        gate.pass();
        return CleanupReport();
    };
    const Running one(scene.scheduler());
    const Running other(scene.scheduler());
    scene.clock->advance(hours(1));
    REQUIRE(eventually([&] { return scene.runs == 1; }));
    gate.open();
    for (const Running* running : {&one, &other}) {
        REQUIRE(eventually([&] { return running->scheduler->next() == noon() + hours(2); }));
    }
    CHECK(scene.runs == 1);
}

TEST_CASE("processes that start at once catch a time up once, and never at the same time",
          "[schedule][cleanup]") {
    Scene scene;
    REQUIRE(scene.journal()->note_cleaned(noon() - hours(5)).ok());
    const auto process = [&](const std::function<void(char)>& report) {
        Scene own;
        own.work = [&] {
            report('r');
            return CleanupReport();
        };
        const auto scheduler =
            std::make_shared<CleanupScheduler>(CronSchedule::parse("0 * * * *").value(), seconds(0),
                                               scene.journal(), scene.clock, own.work, nullptr, no_pauses);
        if (!scheduler->start().ok() || !eventually([&] { return scheduler->next() == noon() + hours(1); })) {
            return 1;
        }
        scheduler->request_stop();
        scheduler->join();
        return 0;
    };
    int runs = 0;
    {
        std::vector<std::unique_ptr<ChildProcess>> children;
        for (int i = 0; i < 4; ++i) {
            children.push_back(std::make_unique<ChildProcess>(process));
        }
        for (const auto& child : children) {
            while (child->next_report() != '\0') {
                ++runs;
            }
            CHECK(child->wait_for_exit() == 0);
        }
    }
    CHECK(runs == 1);
}

TEST_CASE("a run whose process is killed is made by the next one", "[schedule][cleanup]") {
    Scene scene;
    REQUIRE(scene.journal()->note_cleaned(noon() - hours(5)).ok());
    ChildProcess child([&](const std::function<void(char)>& report) {
        Gate never;
        scene.work = [&] {
            report('r');
            never.pass();
            return CleanupReport();
        };
        const Running running(scene.scheduler());
        never.pass();
        return 0;
    });
    REQUIRE(child.next_report() == 'r');

    const Running next(scene.scheduler());
    CHECK(next.scheduler->next() == noon() - hours(4));
    CHECK(scene.runs == 0);
    child.kill_now();
    REQUIRE(eventually([&] { return next.scheduler->next() == noon() + hours(1); }));
    CHECK(scene.runs == 1);
}

namespace {

/// A service on a local store, whose catalogue says when cleanups were run.
struct ServiceScene {
    Scene scene;
    std::atomic<int> told{0};
    ServiceOptions options;

    ServiceScene() {
        options.catalogue_path = scene.catalogue_path();
        options.clock = scene.clock;
        options.cleanup.enabled = true;
        options.cleanup.schedule = "0 * * * *";
        options.cleanup.jitter = seconds(0);
        options.cleanup.on_run = [this](const Result<CleanupReport>& report) {
            told += report.ok() ? 1 : 100;
        };
    }

    [[nodiscard]] FileService open() const { return FileService::open(scene.backend, options).value(); }
};

}  // namespace

TEST_CASE("a service cleans up by its schedule once it is started, and not before", "[schedule][cleanup]") {
    ServiceScene scene;
    // Of the files the system's clock tells.
    scene.scene.clock->advance(system_clock()->now() - noon());
    FileService service = scene.open();
    FileUpload file;
    file.source = source_from_string("old");
    const FileId id = service.upload(std::move(file)).value();
    REQUIRE(scene.scene.journal()->note_cleaned(scene.scene.clock->now()).ok());
    scene.scene.clock->advance(hours(24 * 40));
    CHECK(service.next_cleanup() == std::nullopt);
    CHECK(service.exists({id, {}}).value());

    REQUIRE(service.start().ok());
    REQUIRE(service.start().ok());
    REQUIRE(eventually([&] { return scene.told == 1; }));
    CHECK(service.next_cleanup() ==
          CronSchedule::parse(scene.options.cleanup.schedule).value().next_after(scene.scene.clock->now()));
    CHECK_FALSE(service.exists({id, {}}).value());
}

TEST_CASE("a scheduled run tells of each of its files, those that fail with their reasons",
          "[schedule][cleanup]") {
    ServiceScene scene;
    scene.scene.clock->advance(system_clock()->now() - noon());
    std::map<FileId, std::optional<ErrorCode>> told;
    bool comes_before_the_report = true;
    scene.options.cleanup.on_file = [&](const CleanupFile& file) {
        comes_before_the_report = comes_before_the_report && scene.told == 0;
        told[file.id] = file.reason ? std::optional(file.reason->code()) : std::nullopt;
    };
    FileService service = scene.open();
    std::vector<FileId> ids;
    for (int i = 0; i < 2; ++i) {
        FileUpload file;
        file.source = source_from_string("old");
        ids.push_back(service.upload(std::move(file)).value());
    }
    std::ofstream(scene.scene.directory.file("store") + "/metadata/" + ids[1].str() + ".json") << "{";
    REQUIRE(scene.scene.journal()->note_cleaned(scene.scene.clock->now()).ok());
    scene.scene.clock->advance(hours(24 * 40));
    REQUIRE(service.start().ok());
    REQUIRE(eventually([&] { return scene.told == 1; }));
    CHECK(comes_before_the_report);
    CHECK(told ==
          std::map<FileId, std::optional<ErrorCode>>{{ids[0], std::nullopt}, {ids[1], ErrorCode::corrupt}});
}

TEST_CASE("a service whose cleanup is not enabled starts without one", "[schedule][cleanup]") {
    ServiceScene scene;
    scene.options.cleanup.enabled = false;
    FileService service = scene.open();
    const std::size_t threads = thread_count();
    REQUIRE(service.start().ok());
    CHECK(thread_count() == threads);
    CHECK(service.next_cleanup() == std::nullopt);
}

TEST_CASE("a service whose cleanup cannot be as it is asked for does not start", "[schedule][cleanup]") {
    ServiceScene scene;
    const auto start = [&] { return code_of(scene.open().start()); };
    SECTION("nothing is recorded") {
        scene.options.catalogue_path = "off";
        CHECK(start() == ErrorCode::configuration);
    }
    SECTION("no expression") {
        scene.options.cleanup.schedule = "now and then";
        CHECK(start() == ErrorCode::invalid_argument);
    }
    SECTION("no day") {
        scene.options.cleanup.retention_days = 0;
        CHECK(start() == ErrorCode::invalid_argument);
    }
    SECTION("jitter of the wrong sign") {
        scene.options.cleanup.jitter = seconds(-1);
        CHECK(start() == ErrorCode::invalid_argument);
    }
}

TEST_CASE("a service ends its scheduled run with itself, also from the run's own completion",
          "[schedule][cleanup]") {
    ServiceScene scene;
    REQUIRE(scene.scene.journal()->note_cleaned(noon() - hours(5)).ok());
    std::optional<FileService> service;
    std::atomic<bool> has_ended{false};
    scene.options.cleanup.on_run = [&](const Result<CleanupReport>&) {
        service.reset();
        has_ended = true;
    };
    service.emplace(scene.open());
    const std::size_t threads = thread_count();
    REQUIRE(service->start().ok());
    REQUIRE(eventually([&] { return has_ended.load(); }));
    CHECK(eventually([&] { return thread_count() <= threads; }));
}
