#pragma once

/// What a C caller asks of a service or a backend, as requests. Options may be null. Pure functions, but for the stream of an upload or download, which is opened by who calls them.

#include <memory>

#include "arguments.h"

namespace filestore::capi {

/// `path` is the name that the file has where the options tell none.
[[nodiscard]] Result<UploadRequest> upload_request(const char* id, Result<std::shared_ptr<Source>> source,
                                                   const filestore_upload_options* options,
                                                   const char* path = "");

/// Refuses what only an upload to a backend can keep.
[[nodiscard]] Result<void> refuse_conditions(const filestore_upload_options* options);

[[nodiscard]] Result<DownloadRequest> download_request(const char* id, Result<std::shared_ptr<Sink>> sink,
                                                       const filestore_download_options* options);

[[nodiscard]] Result<FileRequest> removal_request(const char* id, const filestore_call_options* options);

[[nodiscard]] ListRequest list_request(const char* cursor, std::uint32_t limit,
                                       const filestore_call_options* options);

[[nodiscard]] Result<PresignRequest> presign_request(const char* id,
                                                     const filestore_presign_options* options);

/// Not a request, but what a listing answers.
[[nodiscard]] filestore_list_page page_of(ListPage page);

}  // namespace filestore::capi
