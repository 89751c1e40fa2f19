#pragma once

/// `Result<T>`: the value of a call, or the Error that it failed with. A value type; one thread at a time.
/// Success allocates nothing.

#include <cassert>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "filestore/error.h"

namespace filestore {

/// Holds either a T or an Error. `value()` needs `ok()`, `error()` needs `!ok()`: both are checked by assert only.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value) : value_(std::in_place, std::move(value)) {}
    Result(const Error& error) noexcept : error_(error) {}
    Result(Error&& error) noexcept : error_(std::move(error)) {}

    template <class U>
        requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Error> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Result<T>>)
    Result(U&& value) : value_(std::in_place, std::forward<U>(value)) {}

    [[nodiscard]] bool ok() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return ok(); }

    [[nodiscard]] T& value() & noexcept { return *operator->(); }
    [[nodiscard]] const T& value() const& noexcept { return *operator->(); }
    [[nodiscard]] T&& value() && noexcept { return std::move(*operator->()); }

    [[nodiscard]] const Error& error() const& noexcept {
        assert(!ok());
        return error_;
    }
    [[nodiscard]] Error&& error() && noexcept {
        assert(!ok());
        return std::move(error_);
    }

    [[nodiscard]] T& operator*() & noexcept { return value(); }
    [[nodiscard]] const T& operator*() const& noexcept { return value(); }
    [[nodiscard]] T&& operator*() && noexcept { return std::move(*this).value(); }
    [[nodiscard]] T* operator->() noexcept {
        assert(ok());
        return std::addressof(*value_);
    }
    [[nodiscard]] const T* operator->() const noexcept {
        assert(ok());
        return std::addressof(*value_);
    }

private:
    std::optional<T> value_;
    Error error_{ErrorCode::ok};
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() noexcept = default;
    Result(const Error& error) noexcept : error_(error) {}
    Result(Error&& error) noexcept : error_(std::move(error)) {}

    [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return ok(); }

    [[nodiscard]] const Error& error() const& noexcept {
        assert(!ok());
        return *error_;
    }
    [[nodiscard]] Error&& error() && noexcept {
        assert(!ok());
        return *std::move(error_);
    }

private:
    std::optional<Error> error_;
};

}  // namespace filestore
