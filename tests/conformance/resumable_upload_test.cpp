#include "filestore/resumable_upload.h"

#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "conformance/feature.h"
#include "core/checksum/checksum.h"
#include "filestore/resumable_store.h"
#include "support/code_of.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

/// With the smallest parts that there are.
ServiceOptions options_of(const TestStore& store) {
    ServiceOptions options = store.options();
    options.s3.part_size = 5 * mebibyte;
    return options;
}

template <class T>
T required(Result<T> result) {
    INFO((result.ok() ? "" : result.error().message()));
    REQUIRE(result.ok());
    return std::move(*result);
}

FileId begin(FileService& service, std::optional<std::uint64_t> length) {
    NewUpload upload;
    upload.path = "a name";
    upload.length = length;
    REQUIRE(upload.metadata.set("owner", "me").ok());
    return required(service.begin_upload(std::move(upload))).id;
}

UploadAppend piece_of(const FileId& id, std::uint64_t offset, std::string bytes) {
    UploadAppend append;
    append.id = id;
    append.offset = offset;
    append.source = source_from_string(std::move(bytes));
    return append;
}

std::uint64_t offset_of(FileService& service, const FileId& id) {
    return required(service.resumable_upload({id, {}})).offset;
}

std::string content_of(FileService& service, const FileId& id) {
    const auto sink = std::make_shared<BufferSink>();
    DownloadRequest request;
    request.id = id;
    request.sink = sink;
    required(service.download(std::move(request)));
    return sink->take();
}

/// Gives its bytes, but not the last one before it is let; tells when that is all that is left.
std::shared_ptr<Source> source_that_waits(const std::string& bytes, std::promise<void>& waits,
                                          std::shared_future<void> let) {
    const std::uint64_t size = bytes.size();
    const auto first = source_from_string(bytes.substr(0, size - 1));
    const auto last = source_from_string(bytes.substr(size - 1));
    CallbackSource callbacks;
    callbacks.size = size;
    callbacks.read = [first, last, &waits, let = std::move(let), has_told = false](std::span<std::byte> into,
                                                                                   const Wake& wake) mutable {
        auto read = first->read(into, wake);
        if (read.ok() && read->bytes == 0) {
            if (!std::exchange(has_told, true)) {
                waits.set_value();
            }
            let.wait();
            return last->read(into, wake);
        }
        return read;
    };
    return source_from_callback(std::move(callbacks));
}

}  // namespace

FEATURE_TEST_CASE("put", "an upload comes piece by piece, by services that know nothing of each other",
                  "[upload][resumable]") {
    const std::string bytes = random_bytes(13 * mebibyte + 11, 1);
    FileService service = FileService::open(options_of(store)).value();
    const FileId id = begin(service, bytes.size());
    std::size_t at = 0;
    for (const std::size_t end :
         {std::size_t{0}, std::size_t{1}, 5 * mebibyte + 1, 6 * mebibyte, bytes.size()}) {
        FileService next = FileService::open(options_of(store)).value();
        CHECK(offset_of(next, id) == at);
        CHECK(code_of(next.finish_upload({id, {}})) == ErrorCode::precondition_failed);
        UploadAppend append = piece_of(id, at, "");
        append.source = std::make_shared<HesitantSource>(bytes.substr(at, end - at), 300'000, end - at);
        CHECK(required(next.append(append)).offset == end);
        at = end;
    }
    CHECK(*service.exists({id, {}}) == false);
    CHECK(required(service.list({})).files.empty());
    CHECK(required(service.finish_upload({id, {}})) == id);
    CHECK(content_of(service, id) == bytes);
    const FileInfo info = required(service.metadata({id, {}}));
    CHECK(info.original_path == "a name");
    CHECK(info.metadata.text("owner") == "me");
    CHECK(info.size == bytes.size());
    // It is the file now, and stays that.
    CHECK(required(service.resumable_upload({id, {}})).finished);
    CHECK(required(service.finish_upload({id, {}})) == id);
    CHECK(*service.end_upload({id, {}}) == false);
    CHECK(required(service.history({id, {}})).metadata.text("owner") == "me");
}

FEATURE_TEST_CASE("put", "what a source gave before it failed stays", "[upload][resumable]") {
    FileService service = FileService::open(options_of(store)).value();
    for (const std::size_t count : {std::size_t{0}, std::size_t{7}, 5 * mebibyte, 11 * mebibyte + 3}) {
        const std::string bytes = random_bytes(12 * mebibyte, count);
        const FileId id = begin(service, std::nullopt);
        UploadAppend append = piece_of(id, 0, "");
        append.source = failing_source(bytes.substr(0, count), 77);
        const auto failed = service.append(std::move(append));
        REQUIRE_FALSE(failed.ok());
        CHECK(failed.error().details().caller_code == 77);
        CHECK(offset_of(service, id) == count);
        UploadAppend rest = piece_of(id, count, bytes.substr(count));
        rest.length = bytes.size();
        CHECK(required(service.append(rest)).complete());
        required(service.finish_upload({id, {}}));
        CHECK(content_of(service, id) == bytes);
    }
}

FEATURE_TEST_CASE("put", "of bytes that have another checksum, or do not all come, none stays",
                  "[upload][resumable]") {
    FileService service = FileService::open(options_of(store)).value();
    const std::string bytes = random_bytes(12 * mebibyte, 3);
    const FileId id = begin(service, bytes.size());
    required(service.append(piece_of(id, 0, bytes.substr(0, 10))));
    const std::string rest = bytes.substr(10);
    UploadAppend wrong = piece_of(id, 10, rest);
    wrong.checksum = checksum_of(ChecksumAlgorithm::sha1, std::as_bytes(std::span(bytes)));
    const auto refused = service.append(std::move(wrong));
    REQUIRE(code_of(refused) == ErrorCode::corrupt);
    CHECK(refused.error().details().server_code == "checksum");
    CHECK(offset_of(service, id) == 10);
    UploadAppend cut = piece_of(id, 10, "");
    cut.source = failing_source(rest.substr(0, 6 * mebibyte), 77, rest.size());
    cut.checksum = checksum_of(ChecksumAlgorithm::sha1, std::as_bytes(std::span(rest)));
    CHECK_FALSE(service.append(cut).ok());
    CHECK(offset_of(service, id) == 10);
    UploadAppend right = piece_of(id, 10, rest);
    right.checksum = checksum_of(ChecksumAlgorithm::sha256, std::as_bytes(std::span(rest)));
    required(service.append(std::move(right)));
    required(service.finish_upload({id, {}}));
    CHECK(content_of(service, id) == bytes);
}

FEATURE_TEST_CASE("put", "bytes go where the last ones ended, and no further than was said",
                  "[upload][resumable]") {
    FileService service = FileService::open(options_of(store)).value();
    const FileId id = begin(service, 10);
    required(service.append(piece_of(id, 0, "abcd")));
    for (const std::uint64_t offset : {0U, 3U, 5U, 10U, 11U}) {
        CHECK(code_of(service.append(piece_of(id, offset, "x"))) == ErrorCode::precondition_failed);
    }
    const auto longer = service.append(piece_of(id, 4, "efghijk"));
    REQUIRE(code_of(longer) == ErrorCode::rejected);
    CHECK(longer.error().details().server_code == "length");
    UploadAppend of_unknown_size = piece_of(id, 4, "");
    of_unknown_size.source = std::make_shared<HesitantSource>("efghijk", 3);
    CHECK(code_of(service.append(of_unknown_size)) == ErrorCode::rejected);
    UploadAppend another_length = piece_of(id, 4, "efghij");
    another_length.length = 11;
    CHECK(code_of(service.append(another_length)) == ErrorCode::invalid_argument);
    CHECK(offset_of(service, id) == 4);
    required(service.append(piece_of(id, 4, "efghij")));
    CHECK(code_of(service.append(piece_of(id, 10, "k"))) == ErrorCode::rejected);
    required(service.finish_upload({id, {}}));
    CHECK(content_of(service, id) == "abcdefghij");
    const FileId none = FileId::generate().value();
    CHECK(code_of(service.append(piece_of(none, 0, "x"))) == ErrorCode::not_found);
    CHECK(code_of(service.resumable_upload({none, {}})) == ErrorCode::not_found);
    CHECK(code_of(service.finish_upload({none, {}})) == ErrorCode::not_found);
    CHECK(*service.end_upload({none, {}}) == false);
}

FEATURE_TEST_CASE("compare-and-swap", "of two pieces at once one counts", "[upload][resumable]") {
    FileService service = FileService::open(options_of(store)).value();
    FileService second = FileService::open(options_of(store)).value();
    const std::size_t size = GENERATE(std::size_t{100'000}, 11 * mebibyte);
    const std::string bytes = random_bytes(size, 8);
    const std::string other = random_bytes(size, 9);
    const FileId id = begin(service, size);
    std::promise<void> waits;
    std::promise<void> let;
    std::promise<Result<ResumableUpload>> slow;
    UploadAppend append = piece_of(id, 0, "");
    append.source = source_that_waits(bytes, waits, let.get_future().share());
    // Parts that count one by one would be there before the other comes.
    append.checksum = checksum_of(ChecksumAlgorithm::sha1, std::as_bytes(std::span(bytes)));
    service.append_async(std::move(append),
                         [&](Result<ResumableUpload> told) { slow.set_value(std::move(told)); });
    waits.get_future().wait();
    const auto fast = second.append(piece_of(id, 0, other));
    let.set_value();
    const auto told = slow.get_future().get();
    CHECK(told.ok() != fast.ok());
    CHECK(code_of(told.ok() ? fast : told) == ErrorCode::conflict);
    required(second.finish_upload({id, {}}));
    CHECK(content_of(second, id) == (told.ok() ? bytes : other));
}

FEATURE_TEST_CASE("put", "an upload is given up, by its owner or when its time is over",
                  "[upload][resumable]") {
    ServiceOptions options = options_of(store);
    FileService service = FileService::open(options).value();
    const std::string bytes = random_bytes(6 * mebibyte, 5);
    const FileId given_up = begin(service, 7 * mebibyte);
    required(service.append(piece_of(given_up, 0, bytes)));
    CHECK(*service.end_upload({given_up, {}}));
    CHECK(*service.end_upload({given_up, {}}) == false);
    const FileId kept = begin(service, 3);
    options.upload_lifetime = std::chrono::seconds(1);
    FileService hasty = FileService::open(options).value();
    const FileId late = begin(hasty, 7 * mebibyte);
    required(hasty.append(piece_of(late, 0, bytes)));
    Result<ResumableUpload> state = service.resumable_upload({late, {}});
    while (state.ok()) {
        state = service.resumable_upload({late, {}});
    }
    CHECK(state.error().code() == ErrorCode::not_found);
    CHECK(state.error().details().server_code == "expired");
    CHECK(code_of(service.append(piece_of(late, bytes.size(), "x"))) == ErrorCode::not_found);
    CHECK(required(service.sweep_uploads({})) == 1);
    CHECK(required(service.sweep_uploads({})) == 0);
    CHECK(service.resumable_upload({late, {}}).error().details().server_code.empty());
    CHECK(offset_of(service, kept) == 0);
}

S3_FEATURE_TEST_CASE("multipart", "what ends dead uploads leaves those that come piece by piece",
                     "[upload][resumable][multipart]") {
    FileService service = FileService::open(options_of(store)).value();
    const std::string bytes = random_bytes(12 * mebibyte, 7);
    const FileId id = begin(service, bytes.size());
    required(service.append(piece_of(id, 0, bytes.substr(0, 6 * mebibyte))));
    CleanupRequest request;
    request.uploads_older_than = std::chrono::seconds(0);
    CHECK(required(service.cleanup(request)).stale_uploads == 0);
    // As recovery does after a process died when it made the file.
    REQUIRE(store.open_backend()->discard({id, {}}).ok());
    CHECK(offset_of(service, id) == 6 * mebibyte);
    required(service.append(piece_of(id, 6 * mebibyte, bytes.substr(6 * mebibyte))));
    required(service.finish_upload({id, {}}));
    CHECK(content_of(service, id) == bytes);
}

FEATURE_TEST_CASE("put", "what a process left that died when it made the file of an upload is not taken away",
                  "[upload][resumable]") {
    FileService service = FileService::open(options_of(store)).value();
    const std::string bytes = random_bytes(6 * mebibyte, 7);
    const std::size_t size = GENERATE(std::size_t{3}, 6 * mebibyte);
    const FileId id = begin(service, size);
    required(service.append(piece_of(id, 0, bytes.substr(0, size))));
    const auto backend = store.open_backend();
    // Somebody else is making it, and has come so far as to have published it.
    UploadRequest published = upload_of(bytes.substr(0, size));
    published.id = id;
    required(backend->upload(std::move(published)));
    REQUIRE(backend->discard({id, {}}).ok());
    CHECK(content_of(service, id) == bytes.substr(0, size));
    required(service.finish_upload({id, {}}));
    CHECK(content_of(service, id) == bytes.substr(0, size));
    // Without the upload it is a file that somebody could not take back.
    REQUIRE(backend->discard({id, {}}).ok());
    CHECK_FALSE(*backend->exists({id, {}}));
}

namespace {

Result<std::shared_ptr<Source>> open_pieces(StorageBackend& backend, const FileId& id) {
    std::promise<Result<std::shared_ptr<Source>>> opened;
    backend.resumable_store()->open_async(
        {id, {}}, [&](Result<std::shared_ptr<Source>> source) { opened.set_value(std::move(source)); });
    return opened.get_future().get();
}

}  // namespace

FEATURE_TEST_CASE("compare-and-swap", "an upload that was ended becomes no file", "[upload][resumable]") {
    FileService service = FileService::open(options_of(store)).value();
    const std::size_t size = GENERATE(std::size_t{3}, 6 * mebibyte);
    const FileId id = begin(service, size);
    required(service.append(piece_of(id, 0, random_bytes(size, 11))));
    const auto backend = store.open_backend();
    UploadRequest late;
    late.id = id;
    late.source = required(open_pieces(*backend, id));
    // Behind the look of whoever makes the file.
    CHECK(required(service.end_upload({id, {}})));
    CHECK(code_of(backend->upload(std::move(late))) == ErrorCode::not_found);
    CHECK_FALSE(*backend->exists({id, {}}));
    CHECK(code_of(service.resumable_upload({id, {}})) == ErrorCode::not_found);
    CHECK_FALSE(required(service.end_upload({id, {}})));
}

FEATURE_TEST_CASE("compare-and-swap", "an upload that is a file cannot be ended any more",
                  "[upload][resumable]") {
    FileService service = FileService::open(options_of(store)).value();
    const std::size_t size = GENERATE(std::size_t{3}, 6 * mebibyte);
    const std::string bytes = random_bytes(size, 11);
    const FileId id = begin(service, size);
    required(service.append(piece_of(id, 0, bytes)));
    const auto backend = store.open_backend();
    UploadRequest published;
    published.id = id;
    published.source = required(open_pieces(*backend, id));
    required(backend->upload(std::move(published)));
    CHECK_FALSE(required(service.end_upload({id, {}})));
    CHECK(content_of(service, id) == bytes);
}

FEATURE_TEST_CASE("compare-and-swap", "of the end of an upload and its file at once one comes to be",
                  "[upload][resumable]") {
    FileService service = FileService::open(options_of(store)).value();
    FileService second = FileService::open(options_of(store)).value();
    // s3proxy compares and swaps in two steps: there one call follows the other.
    const bool at_once = server_of(store.name()) != "s3proxy";
    for (int i = 0; i < 12; ++i) {
        const std::size_t size = i % 3 == 0 ? 6 * mebibyte : 3;
        const FileId id = begin(service, size);
        required(service.append(piece_of(id, 0, random_bytes(size, 11))));
        std::promise<Result<FileId>> finished;
        service.finish_upload_async({id, {}},
                                    [&](Result<FileId> told) { finished.set_value(std::move(told)); });
        auto answer = finished.get_future();
        if (!at_once) {
            answer.wait();
        }
        const auto ended = second.end_upload({id, {}});
        const auto file = answer.get();
        const bool is_given_up = ended.ok() && *ended;
        CHECK(file.ok() != is_given_up);
        CHECK(*service.exists({id, {}}) == file.ok());
        CHECK((ended.ok() || code_of(ended) == ErrorCode::conflict));
        CHECK(second.resumable_upload({id, {}}).ok() == file.ok());
    }
}

FEATURE_TEST_CASE("put", "of a first piece that is too short to tell anything the whole is judged",
                  "[upload][resumable]") {
    ServiceOptions options = options_of(store);
    options.validation.type_policy = TypePolicy::strict;
    options.validation.allowed_types = {"text/plain"};
    FileService service = FileService::open(options).value();
    // A program: the number that tells so does not end with the first piece.
    std::string program(
        "\x7f"
        "ELF\x02\x01\x01",
        7);
    program.resize(64, '\0');
    program[16] = 2;
    program[18] = 62;
    program += random_bytes(GENERATE(std::size_t{100}, 6 * mebibyte), 12);
    NewUpload upload;
    upload.path = "a.txt";
    upload.content_type = "text/plain";
    upload.length = program.size();
    const FileId id = required(service.begin_upload(std::move(upload))).id;
    required(service.append(piece_of(id, 0, program.substr(0, 1))));
    required(service.append(piece_of(id, 1, program.substr(1))));
    CHECK(code_of(service.finish_upload({id, {}})) == ErrorCode::rejected);
    CHECK(code_of(service.resumable_upload({id, {}})) == ErrorCode::not_found);
    CHECK_FALSE(*service.exists({id, {}}));
}
