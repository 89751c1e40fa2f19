#include "serve/listed_files.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "json_line.h"
#include "serve/answers.h"
#include "serve/parameters.h"
#include "service/audit_json.h"
#include "service/file_info_json.h"

namespace filestore::tool::serve {

namespace {

constexpr std::uint64_t usual_page = 100;
constexpr std::uint64_t largest_page = 1000;
/// Each file of it is a call of the store.
constexpr std::uint64_t largest_page_of_details = 100;
/// Of one request: other callers want the store, too.
constexpr std::size_t calls_at_once = 8;

std::string as_json(const ListEntry& entry) {
    return JsonLine()
        .text("file_id", entry.id.text())
        .number("size", entry.size)
        .text("last_modified", format_timestamp(entry.last_modified))
        .object();
}

Response page_response(const std::vector<std::string>& files, const std::optional<std::string>& next) {
    std::string list;
    for (const std::string& file : files) {
        list += (list.empty() ? "" : ",") + file;
    }
    return json_response(
        200,
        JsonLine().json("files", "[" + list + "]").json("next", next ? json_text(*next) : "null").object());
}

Response as_listed(const ListPage& page) {
    std::vector<std::string> files(page.files.size());
    std::transform(page.files.begin(), page.files.end(), files.begin(), as_json);
    return page_response(files, page.next);
}

/// Asks for the details of each file of a page, then answers. A resource that its calls share; thread-safe.
class Details : public std::enable_shared_from_this<Details> {
public:
    Details(FileService& service, std::shared_ptr<Exchange> exchange, ListPage page)
        : service_(service),
          exchange_(std::move(exchange)),
          page_(std::move(page)),
          told_(page_.files.size()) {}

    void begin() {
        if (page_.files.empty()) {
            exchange_->respond(page_response({}, page_.next));
            return;
        }
        const std::size_t first_ones = std::min(calls_at_once, page_.files.size());
        next_ = first_ones;
        for (std::size_t place = 0; place < first_ones; ++place) {
            ask(place);
        }
    }

private:
    void ask(std::size_t place) {
        FileRequest request{page_.files[place].id, {}};
        request.call.cancel = exchange_->stop_token();
        service_.metadata_async(
            std::move(request),
            [self = shared_from_this(), place](const Result<FileInfo>& info) { self->take(place, info); });
    }

    void take(std::size_t place, const Result<FileInfo>& info) {
        if (!info && tells_of_the_store(info.error())) {
            exchange_->respond(problem_of(info.error()));
            return;
        }
        std::string told = info ? to_json(*info) : as_json(page_.files[place]);
        std::unique_lock lock(mutex_);
        told_[place] = std::move(told);
        const bool is_last = ++answered_ == told_.size();
        const std::size_t place_of_next = next_;
        next_ += place_of_next < told_.size() ? 1 : 0;
        lock.unlock();
        if (place_of_next < told_.size()) {
            ask(place_of_next);
        } else if (is_last) {
            exchange_->respond(page_response(told_, page_.next));
        }
    }

    /// Of the others it is the one file that has no record, a damaged one, or has gone meanwhile.
    static bool tells_of_the_store(const Error& error) {
        return error.code() != ErrorCode::not_found && error.code() != ErrorCode::corrupt;
    }

    FileService& service_;
    const std::shared_ptr<Exchange> exchange_;
    const ListPage page_;
    std::mutex mutex_;
    std::vector<std::string> told_;
    std::size_t next_ = 0;
    std::size_t answered_ = 0;
};

std::string cursor_of(const Request& request) {
    const std::string* after = request.parameter("after");
    return after == nullptr ? "" : *after;
}

void list_deleted(const Context& context, const std::shared_ptr<Exchange>& exchange, std::uint32_t limit) {
    DeletedFilesRequest request;
    request.cursor = cursor_of(exchange->request());
    request.limit = limit;
    request.call.cancel = exchange->stop_token();
    context.service.deleted_files_async(std::move(request), [exchange](const Result<DeletedFilesPage>& page) {
        exchange->respond(page ? json_response(200, to_json(*page)) : problem_of(page.error()));
    });
}

void list_stored(const Context& context, const std::shared_ptr<Exchange>& exchange, std::size_t limit,
                 bool details) {
    ListRequest request;
    request.cursor = cursor_of(exchange->request());
    request.limit = limit;
    request.call.cancel = exchange->stop_token();
    context.service.list_async(std::move(request),
                               [&service = context.service, exchange, details](const Result<ListPage>& page) {
                                   if (!page) {
                                       exchange->respond(problem_of(page.error()));
                                   } else if (details) {
                                       std::make_shared<Details>(service, exchange, *page)->begin();
                                   } else {
                                       exchange->respond(as_listed(*page));
                                   }
                               });
}

}  // namespace

void list_files(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    const auto limit = number_of(exchange, "limit", usual_page, largest_page);
    const auto details = limit ? switch_of(exchange, "details") : std::nullopt;
    const auto deleted = details ? switch_of(exchange, "deleted") : std::nullopt;
    if (!deleted) {
        return;
    }
    if (*deleted) {
        return list_deleted(context, exchange, static_cast<std::uint32_t>(*limit));
    }
    const std::uint64_t most = *details ? std::min(*limit, largest_page_of_details) : *limit;
    list_stored(context, exchange, static_cast<std::size_t>(most), *details);
}

}  // namespace filestore::tool::serve
