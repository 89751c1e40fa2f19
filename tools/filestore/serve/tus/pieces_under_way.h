#pragma once

/// The pieces that this process is receiving. A client that lost its connection without a word comes back long before the service can know that: its old request must not keep it waiting.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "filestore/file_id.h"
#include "serve/body_pipes.h"

namespace filestore::tool::serve::tus {

/// A resource; thread-safe.
class PiecesUnderWay {
public:
    /// What is to be done once no other piece of the upload is under way: at once, or after the one that is has been cut off and has ended. What came of it stays.
    using Step = std::function<void()>;

    /// A piece of an upload; it is under way from the call of `go_on` to end().
    void begin(const FileId& id, std::shared_ptr<UploadPipe> piece, Step go_on);
    void end(const FileId& id);

    /// For whoever only wants to know or end what is there.
    void cut_off(const FileId& id, Step go_on);

private:
    /// `piece` is null for who brings none.
    struct Waiting {
        std::shared_ptr<UploadPipe> piece;
        Step go_on;
    };
    struct UnderWay {
        std::shared_ptr<UploadPipe> piece;
        std::vector<Waiting> waiting;
    };

    void take_turn(const FileId& id, Waiting next);

    std::mutex mutex_;
    std::map<FileId, UnderWay> pieces_;
};

}  // namespace filestore::tool::serve::tus
