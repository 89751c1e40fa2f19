#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "json_line.h"
#include "serve/answers.h"
#include "serve/decimal.h"
#include "serve/openai/file_routes.h"
#include "serve/openai/lookups.h"
#include "serve/openai/protocol.h"

namespace filestore::tool::serve::openai {

namespace {

constexpr std::uint64_t largest_limit = 10'000;
/// Each file is a call of the store; a client asks for the rest by `has_more`.
constexpr std::size_t largest_page = 1000;
constexpr std::uint32_t rows_at_once = 1000;

/// What a client wants to see. A value.
struct Wanted {
    std::optional<FileId> after{};
    std::size_t limit = largest_page;
    bool newest_first = true;
    std::optional<std::string> purpose{};
};

std::optional<Refused> read_wanted(const Request& request, Wanted& wanted) {
    if (const std::string* const after = request.parameter("after")) {
        const auto id = parse_file_id(*after);
        if (!id.ok()) {
            return Refused{"after: give the ID of a file", "after"};
        }
        wanted.after = *id;
    }
    if (const std::string* const limit = request.parameter("limit")) {
        const auto number = decimal(*limit);
        if (!number || *number < 1 || *number > largest_limit) {
            return Refused{"limit: give a whole number, 1 to " + std::to_string(largest_limit), "limit"};
        }
        wanted.limit = std::min(static_cast<std::size_t>(*number), largest_page);
    }
    if (const std::string* const order = request.parameter("order")) {
        if (*order != "asc" && *order != "desc") {
            return Refused{"order: give asc or desc", "order"};
        }
        wanted.newest_first = *order == "desc";
    }
    if (const std::string* const purpose = request.parameter("purpose")) {
        wanted.purpose = *purpose;
    }
    return std::nullopt;
}

Response failed(const Error& error) {
    switch (error.code()) {
        case ErrorCode::not_found:
            return bad_request({"after: there is no record of that file", "after"});
        case ErrorCode::configuration:
            return openai_response(501, error.message());
        default:
            return openai_error_of(error);
    }
}

/// Files of the catalogue that are there, up to one more than the page has. A resource that its calls share, one after the other.
class FileList : public std::enable_shared_from_this<FileList> {
public:
    FileList(FileService& service, std::shared_ptr<Exchange> exchange, Wanted wanted)
        : service_(service),
          exchange_(std::move(exchange)),
          wanted_(std::move(wanted)),
          behind_(wanted_.after) {}

    void go_on() {
        if (files_.size() > wanted_.limit || (found_.empty() && is_at_end_)) {
            return exchange_->respond(page());
        }
        found_.empty() ? ask_catalogue() : ask_store();
    }

private:
    void ask_catalogue() {
        CataloguedFilesRequest request;
        request.behind = behind_;
        request.newest_first = wanted_.newest_first;
        request.limit =
            wanted_.purpose ? rows_at_once : std::min(rows_at_once, static_cast<std::uint32_t>(missing()));
        request.wants = [purpose = wanted_.purpose, now = system_clock()->now()](const FileHistory& file) {
            const bool is_of_purpose =
                !purpose || attributes_in(file.metadata, Timestamp()).purpose == *purpose;
            return is_of_purpose && !is_over(file.metadata, now);
        };
        request.call.cancel = exchange_->stop_token();
        service_.catalogued_files_async(std::move(request),
                                        [self = shared_from_this()](const Result<CataloguedFilesPage>& page) {
                                            if (!page.ok()) {
                                                return self->exchange_->respond(failed(page.error()));
                                            }
                                            self->take(*page);
                                        });
    }

    void take(const CataloguedFilesPage& page) {
        for (const FileHistory& file : page.files) {
            found_.push_back(file.id);
        }
        behind_ = page.next;
        is_at_end_ = !page.next;
        go_on();
    }

    void ask_store() {
        const auto end = found_.begin() + static_cast<std::ptrdiff_t>(std::min(missing(), found_.size()));
        std::vector<FileId> ids(found_.begin(), end);
        found_.erase(found_.begin(), end);
        look_up(
            std::move(ids),
            [self = shared_from_this()](const FileId& id, Completion<FileInfo> done) {
                FileRequest request{id, {}};
                request.call.cancel = self->exchange_->stop_token();
                self->service_.metadata_async(std::move(request), std::move(done));
            },
            [self = shared_from_this()](const std::vector<Result<FileInfo>>& infos) { self->take(infos); });
    }

    /// What has gone meanwhile, or is damaged, is left out.
    void take(const std::vector<Result<FileInfo>>& infos) {
        const Timestamp now = system_clock()->now();
        for (const Result<FileInfo>& info : infos) {
            const bool is_of_file = info.ok() || info.error().code() == ErrorCode::not_found ||
                                    info.error().code() == ErrorCode::corrupt;
            if (!is_of_file) {
                return exchange_->respond(openai_error_of(info.error()));
            }
            if (info.ok() && !is_over(info->metadata, now)) {
                files_.push_back(*info);
            }
        }
        go_on();
    }

    [[nodiscard]] std::size_t missing() const noexcept { return wanted_.limit + 1 - files_.size(); }

    [[nodiscard]] Response page() const {
        const std::size_t count = std::min(files_.size(), wanted_.limit);
        std::string data;
        for (std::size_t place = 0; place < count; ++place) {
            data += (place == 0 ? "" : ",") + file_object(files_[place]);
        }
        const auto name = [&](std::size_t place) {
            return count == 0 ? std::string("null") : json_text(name_of_file(files_[place].id));
        };
        return json_response(200, JsonLine()
                                      .text("object", "list")
                                      .json("data", "[" + data + "]")
                                      .json("first_id", name(0))
                                      .json("last_id", name(count - 1))
                                      .boolean("has_more", files_.size() > count)
                                      .object());
    }

    FileService& service_;
    const std::shared_ptr<Exchange> exchange_;
    const Wanted wanted_;
    /// What the catalogue has told of and the store was not asked about.
    std::deque<FileId> found_;
    std::optional<FileId> behind_;
    bool is_at_end_ = false;
    std::vector<FileInfo> files_;
};

}  // namespace

void list_files(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    Wanted wanted;
    if (const auto refused = read_wanted(exchange->request(), wanted)) {
        return exchange->respond(bad_request(*refused));
    }
    std::make_shared<FileList>(context.service, exchange, std::move(wanted))->go_on();
}

}  // namespace filestore::tool::serve::openai
