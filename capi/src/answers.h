#pragma once

/// How asynchronous calls answer a C caller: by its function `done`, once.

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arguments.h"
#include "filestore/call.h"
#include "requests.h"

namespace filestore::capi {

/// An answer until it is given. A resource of the completion of its call; one thread at a time.
class PendingCAnswer {
public:
    /// The memory of the answer is had before the call begins, so that its end can always be told.
    PendingCAnswer(filestore_done_function done, void* context)
        : answer_(std::make_unique<filestore_answer>()), done_(done), context_(context) {}

    /// Calls `done` with what `fill` puts into the answer, or with its failure.
    void give(FunctionRef<Result<void>(filestore_answer&)> fill) noexcept;

private:
    std::unique_ptr<filestore_answer> answer_;
    filestore_done_function done_;
    void* context_;
};

/// The completion of a call that calls `done` with the answer; `keep(answer, value)` puts the value where the C functions find it.
template <class T, class Keep>
[[nodiscard]] Completion<T> answer_to(filestore_done_function done, void* context, Keep keep) {
    const auto pending = std::make_shared<PendingCAnswer>(done, context);
    return [pending, keep = std::move(keep)](Result<T> result) {
        pending->give([&](filestore_answer& answer) -> Result<void> {
            FILESTORE_TRY(result);
            keep(answer, std::move(*result));
            return {};
        });
    };
}

/// Of calls that only succeed or fail.
[[nodiscard]] inline Completion<void> nothing_to(filestore_done_function done, void* context) {
    const auto pending = std::make_shared<PendingCAnswer>(done, context);
    return
        [pending](const Result<void>& result) { pending->give([&](filestore_answer&) { return result; }); };
}

/// Of calls that answer yes or no.
[[nodiscard]] inline Completion<bool> flag_to(filestore_done_function done, void* context) {
    return answer_to<bool>(done, context, [](filestore_answer& answer, bool value) { answer.flag = value; });
}

/// Of calls that answer an ID.
[[nodiscard]] inline Completion<FileId> id_to(filestore_done_function done, void* context) {
    return answer_to<FileId>(
        done, context, [](filestore_answer& answer, const FileId& id) { copy_id(id, answer.id.data()); });
}

/// Of calls that answer how many.
[[nodiscard]] inline Completion<std::uint64_t> count_to(filestore_done_function done, void* context) {
    return answer_to<std::uint64_t>(
        done, context, [](filestore_answer& answer, std::uint64_t value) { answer.count = value; });
}

/// Of calls that give bytes to a sink.
[[nodiscard]] inline Completion<DownloadReceipt> bytes_to(filestore_done_function done, void* context) {
    return answer_to<DownloadReceipt>(
        done, context,
        [](filestore_answer& answer, const DownloadReceipt& receipt) { answer.bytes = receipt.bytes; });
}

/// Of calls that give bytes to `buffer`, which the answer has then.
[[nodiscard]] inline Completion<DownloadReceipt> buffer_to(std::shared_ptr<BufferSink> buffer,
                                                           filestore_done_function done, void* context) {
    return answer_to<DownloadReceipt>(
        done, context,
        [buffer = std::move(buffer)](filestore_answer& answer, const DownloadReceipt& receipt) {
            answer.bytes = receipt.bytes;
            answer.buffer.emplace(filestore_buffer{buffer->take()});
        });
}

/// Of calls that answer a document, which `write(value)` makes.
template <class T, class Write>
[[nodiscard]] Completion<T> json_to(filestore_done_function done, void* context, Write write) {
    return answer_to<T>(done, context, [write = std::move(write)](filestore_answer& answer, const T& value) {
        answer.buffer.emplace(filestore_buffer{write(value)});
    });
}

/// The same where `to_json` beside the type writes it.
template <class T>
[[nodiscard]] Completion<T> json_to(filestore_done_function done, void* context) {
    return json_to<T>(done, context, [](const T& value) { return to_json(value); });
}

/// A JSON array of what `write` makes of each value.
template <class T, class Write>
[[nodiscard]] std::string json_array(const std::vector<T>& values, Write write) {
    std::string json = "[";
    for (const T& value : values) {
        json += json.size() > 1 ? "," : "";
        json += write(value);
    }
    return json + "]";
}

/// Of calls that answer a page of a listing.
[[nodiscard]] inline Completion<ListPage> page_to(filestore_done_function done, void* context) {
    return answer_to<ListPage>(done, context, [](filestore_answer& answer, ListPage page) {
        answer.page.emplace(page_of(std::move(page)));
    });
}

/// Of calls that answer a URL.
[[nodiscard]] inline Completion<PresignedUrl> url_to(filestore_done_function done, void* context) {
    return answer_to<PresignedUrl>(done, context, [](filestore_answer& answer, PresignedUrl signed_url) {
        answer.expires_at = signed_url.expires_at;
        answer.buffer.emplace(filestore_buffer{std::move(signed_url.url)});
    });
}

/// What the calls of a handle are made of, and how its parameter is named.
[[nodiscard]] inline FileService& object_of(filestore_service& handle) noexcept {
    return handle.service;
}
[[nodiscard]] inline StorageBackend& object_of(filestore_backend& handle) noexcept {
    return *handle.backend;
}
[[nodiscard]] inline FileExporter& object_of(filestore_exporter& handle) noexcept {
    return handle.exporter;
}
[[nodiscard]] inline std::string_view name_of(const filestore_service*) noexcept {
    return "service";
}
[[nodiscard]] inline std::string_view name_of(const filestore_backend*) noexcept {
    return "backend";
}
[[nodiscard]] inline std::string_view name_of(const filestore_exporter*) noexcept {
    return "exporter";
}

/// Begins an asynchronous call by `start`, a member function of what is behind the handle, or nothing where an argument is not valid.
template <class Handle, class Request, class Start, class T>
[[nodiscard]] Result<void> begin_call(Handle* handle, Result<Request> request, Start start,
                                      filestore_done_function done, Completion<T> completion) {
    FILESTORE_TRY(require(handle, name_of(handle)));
    FILESTORE_TRY(require(done, "done"));
    FILESTORE_TRY(request);
    std::invoke(start, object_of(*handle), std::move(*request), std::move(completion));
    return {};
}

}  // namespace filestore::capi
