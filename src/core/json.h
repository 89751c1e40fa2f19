#pragma once

/// RapidJSON in a namespace of our own, so that a program that links us statically may use another copy.
/// Only .cpp files include this header.

#define RAPIDJSON_NAMESPACE filestore::rapidjson_private
#define RAPIDJSON_NAMESPACE_BEGIN \
    namespace filestore {         \
    namespace rapidjson_private {
#define RAPIDJSON_NAMESPACE_END \
    }                           \
    }
#define RAPIDJSON_HAS_STDSTRING 1

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace filestore {
namespace rj = rapidjson_private;

/// Names the memory of a reader or writer: as its StackAllocator it chooses the stack below. A value.
struct JsonAllocator {};

}  // namespace filestore

/// A stack that throws std::bad_alloc when there is no memory: RapidJSON's own writes to a null pointer
/// then, and does arithmetic with one while it is empty. It has what readers and writers call.
/// A value; one thread at a time.
template <>
class filestore::rapidjson_private::internal::Stack<filestore::JsonAllocator> {
public:
    Stack(JsonAllocator*, std::size_t) {}

    template <class T>
    T* Push(std::size_t count = 1) {
        const std::size_t begin = used_;
        const std::size_t needed = used_ + sizeof(T) * count;
        if (needed > bytes_.size()) {
            bytes_.resize(std::max({needed, 2 * bytes_.size(), least_size}));
        }
        used_ = needed;
        return at<T>(begin);
    }

    template <class T>
    T* Pop(std::size_t count) {
        used_ -= sizeof(T) * count;
        return at<T>(used_);
    }

    template <class T>
    T* Top() {
        return at<T>(used_ - sizeof(T));
    }

    void Clear() { used_ = 0; }
    void ShrinkToFit() {}
    /// Documents ask for it.
    [[nodiscard]] bool HasAllocator() const { return false; }
    [[nodiscard]] JsonAllocator& GetAllocator() { return allocator_; }
    [[nodiscard]] bool Empty() const { return used_ == 0; }
    [[nodiscard]] std::size_t GetSize() const { return used_; }

private:
    static constexpr std::size_t least_size = 256;

    /// Values of one size lie one above the other, and bytes on top of them: every place is aligned for its
    /// type.
    template <class T>
    T* at(std::size_t offset) {
        return reinterpret_cast<T*>(bytes_.data() + offset);
    }

    JsonAllocator allocator_;
    std::vector<std::byte> bytes_;
    std::size_t used_ = 0;
};

namespace filestore {

/// What a RapidJSON writer writes to: a string of ours. A value; one thread at a time.
class JsonText {
public:
    using Ch = char;

    void Put(char character) { text.push_back(character); }
    void Flush() {}

    std::string text;
};

/// Of parsed JSON. A value; one thread at a time.
using JsonDocument = rj::GenericDocument<rj::UTF8<>, rj::MemoryPoolAllocator<>, JsonAllocator>;

using JsonTextWriter = rj::Writer<JsonText, rj::UTF8<>, rj::UTF8<>, JsonAllocator>;

/// Members of the object that is being written. `value` is UTF-8.
inline void write_string(JsonTextWriter& writer, std::string_view name, std::string_view value) {
    writer.Key(name.data(), static_cast<rj::SizeType>(name.size()));
    writer.String(value.data(), static_cast<rj::SizeType>(value.size()));
}

inline void write_number(JsonTextWriter& writer, std::string_view name, std::uint64_t value) {
    writer.Key(name.data(), static_cast<rj::SizeType>(name.size()));
    writer.Uint64(value);
}

}  // namespace filestore
