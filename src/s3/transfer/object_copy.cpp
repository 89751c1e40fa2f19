#include "s3/transfer/object_copy.h"

#include <utility>

#include "core/progress.h"
#include "core/try.h"
#include "s3/protocol/copy_xml.h"
#include "s3/protocol/part_plan.h"

namespace filestore::s3 {

namespace {

class CopyJob final : public MultipartJob {
public:
    CopyJob(std::shared_ptr<Requester> requester, ObjectCopy copy,
            std::function<void(Result<S3PutResult>)> done)
        : MultipartJob(std::move(requester), std::move(copy.target), std::move(done)),
          copy_(std::move(copy)),
          progress_(std::move(copy_.progress), copy_.size) {}

private:
    Result<void> advance() override {
        if (!creating()) {
            FILESTORE_TRY_ASSIGN(plan_, plan_parts(copy_.size, copy_.part_size, requester().part_limits()));
            return create(std::move(copy_.create_headers));
        }
        if (upload_id().empty()) {
            return {};
        }
        while (next_number_ <= plan_.count && under_way() < requester().options().parallel_parts) {
            copy_part(plan_.part(next_number_++));
        }
        if (next_number_ <= plan_.count || under_way() > 0) {
            return {};
        }
        if (!source_confirmed_) {
            confirm_source();
            return {};
        }
        Call call = new_call(http::Method::post);
        call.headers = target().access_headers;
        return publish(std::move(call), copy_.size);
    }

    void release(S3PutResult* stored) noexcept override {
        if (stored != nullptr) {
            progress_.finish();
        }
    }

    void confirm_source() {
        Call call = copy_.look_at_source;
        call.method = http::Method::head;
        call.options = new_call(http::Method::head).options;
        ask(std::move(call), [this](const Result<Answer>& answer) {
            source_confirmed_ = true;
            return copy_.check_source(answer);
        });
    }

    void copy_part(const Part& part) {
        Call call = new_call(http::Method::put);
        call.headers = target().access_headers;
        call.may_trickle = true;
        call.copied_bytes = part.size;
        call.headers.insert(call.headers.end(), copy_.source_headers.begin(), copy_.source_headers.end());
        call.headers.push_back({"x-amz-copy-source-range", copy_source_range(part.offset, part.size)});
        send_part(std::move(call), part.number, nullptr,
                  [this, size = part.size](const Answer& answer) -> Result<UploadedPart> {
                      FILESTORE_TRY_ASSIGN(CopyResult copied, parse_copy_part(answer.body));
                      progress_.acknowledge(size);
                      progress_.add(size);
                      UploadedPart uploaded;
                      uploaded.etag = std::move(copied.etag);
                      return uploaded;
                  });
    }

    ObjectCopy copy_;
    ProgressMeter progress_;
    bool source_confirmed_ = false;
    PartPlan plan_;
    std::uint32_t next_number_ = 1;
};

}  // namespace

void copy_object_in_parts(const std::shared_ptr<Requester>& requester, ObjectCopy copy,
                          std::function<void(Result<S3PutResult>)> done) {
    make_job<CopyJob>(requester, std::move(copy), std::move(done))->start();
}

}  // namespace filestore::s3
