/// An upload that comes piece by piece: its calls are recorded, and the stores that a power cut may leave of it are made and looked at. Needs no rights.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <iterator>

#include "filestore/local_backend.h"
#include "filestore/resumable_store.h"
#include "power/trace.h"
#include "power/trials.h"
#include "support/code_of.h"
#include "support/random_bytes.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

namespace fs = std::filesystem;

const std::string whole = random_bytes(200'000, 31);
constexpr std::size_t cuts[] = {0, 1000, 90'000, 200'000};

/// What whoever uploads was told. A value.
struct Told {
    bool begun = false;
    std::uint64_t offset = 0;
    bool published = false;
    bool ended = false;
};

template <class T, class Start>
Result<T> wait_for(Start start) {
    std::promise<Result<T>> answer;
    start([&](Result<T> result) { answer.set_value(std::move(result)); });
    return answer.get_future().get();
}

Result<PartialUpload> append(StorageBackend& store, const FileId& id, std::size_t from, std::size_t to,
                             bool all_or_nothing) {
    AppendRequest request;
    request.id = id;
    request.offset = from;
    request.source = source_from_string(whole.substr(from, to - from));
    request.all_or_nothing = all_or_nothing;
    if (to == whole.size()) {
        request.length = whole.size();
    }
    return wait_for<PartialUpload>(
        [&](auto done) { store.resumable_store()->append_async(std::move(request), std::move(done)); });
}

Result<UploadReceipt> publish(StorageBackend& store, const FileId& id) {
    auto source = wait_for<std::shared_ptr<Source>>([&](auto done) {
        store.resumable_store()->open_async({id, {}}, std::move(done));
    });
    if (!source.ok()) {
        return source.error();
    }
    UploadRequest request;
    request.id = id;
    request.source = std::move(*source);
    return store.upload(std::move(request));
}

Result<bool> end(StorageBackend& store, const FileId& id) {
    return wait_for<bool>([&](auto done) { store.resumable_store()->end_async({id, {}}, std::move(done)); });
}

/// As a service does it.
void upload_in_pieces(const std::string& base, Durability durability, const FileId& id, bool all_or_nothing,
                      Told& told) {
    const auto store = open_local_backend({base, durability}).value();
    BeginUploadRequest request;
    request.id = id;
    REQUIRE(wait_for<PartialUpload>([&](auto done) {
                store->resumable_store()->begin_async(std::move(request), std::move(done));
            }).ok());
    told.begun = true;
    for (std::size_t i = 0; i + 1 < std::size(cuts); ++i) {
        const auto appended = append(*store, id, cuts[i], cuts[i + 1], all_or_nothing);
        INFO((appended.ok() ? "" : appended.error().message()));
        REQUIRE(appended.ok());
        told.offset = appended->offset;
    }
    REQUIRE(publish(*store, id).ok());
    told.published = true;
    REQUIRE(end(*store, id).ok());
    told.ended = true;
}

std::string content_of(StorageBackend& store, const FileId& id) {
    const auto sink = std::make_shared<BufferSink>();
    DownloadRequest request;
    request.id = id;
    request.sink = sink;
    return store.download(std::move(request)).ok() ? sink->take() : "it cannot be read";
}

/// Goes on with what is there; what the file has in the end.
std::string go_on(StorageBackend& store, const FileId& id, std::uint64_t offset) {
    if (offset < whole.size() && !append(store, id, offset, whole.size(), false).ok()) {
        return "it cannot be gone on with";
    }
    return publish(store, id).ok() ? content_of(store, id) : "it cannot be published";
}

/// What is wrong with a store that a cut has left; empty where nothing is.
std::string problem_of(const std::string& base, Durability durability, const FileId& id, const Told& told) {
    const auto opened = open_local_backend({base, durability});
    if (!opened.ok()) {
        return "the store does not open: " + std::string(opened.error().message());
    }
    StorageBackend& store = **opened;
    const auto exists = store.exists({id, {}});
    if (!exists.ok()) {
        return "it cannot be told whether the file is there";
    }
    if (*exists) {
        return content_of(store, id) == whole ? "" : "the file is not what was sent";
    }
    const auto state = wait_for<PartialUpload>([&](auto done) {
        store.resumable_store()->state_async({id, {}}, std::move(done));
    });
    const bool names_last = durability == Durability::full;
    if (!state.ok()) {
        const bool may_be_gone = !names_last || !told.begun;
        return may_be_gone && code_of(state) == ErrorCode::not_found ? "" : "the upload is gone";
    }
    if (names_last && told.published) {
        return "the file is gone";
    }
    // Else the mark of bytes that were to stay as a whole may come back, and take them.
    if (names_last && state->offset < told.offset) {
        return "only " + std::to_string(state->offset) + " of " + std::to_string(told.offset) + " bytes";
    }
    const std::string file = go_on(store, id, state->offset);
    return file == whole ? ""
                         : "gone on with from " + std::to_string(state->offset) + ": " + file.substr(0, 30);
}

/// ext4, xfs and btrfs make a file longer only once its bytes are on the disk.
bool has_holes(const Remains& remains) {
    return std::any_of(remains.files.begin(), remains.files.end(), [](const auto& file) {
        return file.second && file.second->size() >= 16 &&
               file.second->find(std::string(16, '\0')) != std::string::npos;
    });
}

}  // namespace

TEST_CASE("what an upload in pieces was told to have outlives every loss that its calls allow",
          "[power][replay]") {
    const Durability durability = GENERATE(Durability::full, Durability::data);
    const bool all_or_nothing = GENERATE(false, true);
    CAPTURE(static_cast<int>(durability), all_or_nothing);
    const TemporaryDirectory scratch(scratch_directory());
    const std::string root = scratch.file("recorded");
    fs::create_directory(root);
    const FileId id = FileId::parse("00000000-0000-4000-8000-000000000001").value();
    static_cast<void>(open_local_backend({root + "/store", Durability::none}).value());
    std::vector<std::pair<Moment, Told>> moments;
    Told told;
    {
        TraceRecorder recorder(root, NameOrder::of_all,
                               [&](Moment moment) { moments.emplace_back(std::move(moment), told); });
        const WatchedCalls watched(recorder, root);
        upload_in_pieces(root + "/store", durability, id, all_or_nothing, told);
        recorder.note("at the end");
    }
    std::size_t states = 0;
    for (const auto& [moment, told_then] : moments) {
        for (const Remains& remains : possible_remains(moment)) {
            if (has_holes(remains)) {
                continue;
            }
            const std::string base = scratch.file("replayed");
            make_directory_of(remains, base);
            const std::string problem = problem_of(base + "/store", durability, id, told_then);
            fs::remove_all(base);
            ++states;
            if (!problem.empty()) {
                FAIL_CHECK("cut " << moment.where << ": " << problem);
            }
        }
    }
    CHECK(moments.size() > 30);
    CHECK(states > 50);
}
