#include "s3/transfer/upload_checksums.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/try.h"
#include "s3/protocol/aws_chunked.h"
#include "s3/transfer/part_digests.h"
#include "s3/transfer/trailer_source.h"

namespace filestore::s3 {

namespace {

EncodedChecksum encoded(const ChecksumValue& value) {
    EncodedChecksum result;
    result.algorithm = value.algorithm;
    // Without the number of parts that a composite value has behind it.
    const std::string text = value.text();
    result.base64 = text.substr(0, text.find('-'));
    result.part_count = value.parts;
    return result;
}

void append(std::vector<NameValue>& headers, std::vector<NameValue> more) {
    headers.insert(headers.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// The value of a header, which is no longer among them then; empty where there is none.
std::string take(std::vector<NameValue>& headers, std::string_view name) {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [name](const NameValue& header) { return header.name == name; });
    if (found == headers.end()) {
        return {};
    }
    std::string value = std::move(found->value);
    headers.erase(found);
    return value;
}

/// Puts the body between the framing of `aws-chunked`.
void add_trailer(Call& call, const ChecksumValue& value) {
    const std::string own_encoding = take(call.headers, "content-encoding");
    append(call.headers, aws_chunked_headers(call.body_size, value.algorithm, own_encoding));
    call.payload_hash = streaming_unsigned_trailer;
    call.body = std::make_shared<TrailerSource>(std::move(call.body), call.body_size, value);
    call.body_size = aws_chunked_size(call.body_size, value.algorithm);
}

}  // namespace

/// CRCs are combined to that of the whole object; SHA digests cannot be.
ChecksumType UploadChecksums::type() const noexcept {
    return is_multipart_checksum(choice_.algorithm, ChecksumType::full_object) ? ChecksumType::full_object
                                                                               : ChecksumType::composite;
}

void UploadChecksums::announce(std::vector<NameValue>& headers) const {
    if (is_off()) {
        return;
    }
    headers.push_back({std::string(checksum_algorithm_header), std::string(to_string(choice_.algorithm))});
    headers.push_back({std::string(checksum_type_header), std::string(to_string(type()))});
}

Result<void> UploadChecksums::add_to_body(Call& call, const PartBuffer& buffer, std::uint32_t number) {
    if (is_off()) {
        return {};
    }
    FILESTORE_TRY(note_part(buffer, number));
    const ChecksumValue& value = *whole_;
    if (choice_.mode == S3ChecksumMode::trailer) {
        add_trailer(call, value);
        return {};
    }
    call.headers.push_back(
        {std::string(sdk_checksum_algorithm_header), std::string(to_string(choice_.algorithm))});
    call.headers.push_back({std::string(checksum_header(choice_.algorithm)), value.text()});
    return {};
}

Result<void> UploadChecksums::note_part(const PartBuffer& buffer, std::uint32_t number) {
    if (is_off()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(whole_, checksum_of(choice_.algorithm, buffer));
    parts_.resize(std::max<std::size_t>(parts_.size(), number));
    parts_[number - 1] = {*whole_, buffer.size()};
    return {};
}

std::optional<EncodedChecksum> UploadChecksums::of_part(std::uint32_t number) const {
    if (is_off() || parts_.size() < number) {
        return std::nullopt;
    }
    return encoded(parts_[number - 1].value);
}

Result<void> UploadChecksums::add_to_completion(Call& call) {
    if (is_off()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(whole_, multipart_checksum(choice_.algorithm, type(), parts_));
    // Those of the parts stand in the body; not every server takes one made of them (Garage).
    if (type() == ChecksumType::full_object) {
        call.headers.push_back({std::string(checksum_type_header), std::string(to_string(type()))});
        call.headers.push_back({std::string(checksum_header(choice_.algorithm)), whole_->text()});
    }
    return {};
}

}  // namespace filestore::s3
