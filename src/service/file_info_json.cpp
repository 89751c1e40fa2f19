#include "service/file_info_json.h"

#include <utility>

#include "core/json.h"
#include "filestore/time.h"

namespace filestore {

std::string to_json(const FileInfo& info) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    write_string(writer, "file_id", info.id.text());
    write_string(writer, "original_path", info.original_path);
    write_number(writer, "size", info.size);
    write_string(writer, "last_modified", format_timestamp(info.last_modified));
    write_string(writer, "content_type", info.content_type);
    const std::string metadata = info.metadata.to_json();
    writer.Key("metadata");
    writer.RawValue(metadata.data(), metadata.size(), rj::kObjectType);
    writer.EndObject();
    return std::move(output.text);
}

}  // namespace filestore
