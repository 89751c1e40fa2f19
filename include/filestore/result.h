#pragma once

/// `Result<T>`: the value of a call, or the Error that it failed with. A value type; one thread at a time.
/// Success allocates nothing.

#include <cassert>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "filestore/error.h"

namespace filestore {

/// Holds either a T or an Error. `value()` needs `ok()`, `error()` needs `!ok()`: both are checked by assert only.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    template <class U>
        requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Error> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Result<T>>)
    Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}

    [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    [[nodiscard]] T& value() & noexcept { return *checked_value(); }
    [[nodiscard]] const T& value() const& noexcept { return *const_cast<Result*>(this)->checked_value(); }
    [[nodiscard]] T&& value() && noexcept { return std::move(*checked_value()); }

    [[nodiscard]] const Error& error() const noexcept {
        const Error* error = std::get_if<1>(&state_);
        assert(error != nullptr);
        return *error;
    }

    [[nodiscard]] T& operator*() & noexcept { return value(); }
    [[nodiscard]] const T& operator*() const& noexcept { return value(); }
    [[nodiscard]] T&& operator*() && noexcept { return std::move(*this).value(); }
    [[nodiscard]] T* operator->() noexcept { return checked_value(); }
    [[nodiscard]] const T* operator->() const noexcept { return &value(); }

private:
    T* checked_value() noexcept {
        T* value = std::get_if<0>(&state_);
        assert(value != nullptr);
        return value;
    }

    std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() noexcept = default;
    Result(Error error) noexcept : error_(std::move(error)) {}

    [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return ok(); }

    [[nodiscard]] const Error& error() const noexcept {
        assert(error_.has_value());
        return *error_;
    }

private:
    std::optional<Error> error_;
};

}  // namespace filestore
