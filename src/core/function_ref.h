#pragma once

/// What is called while the function that it is handed to runs: no template for each lambda, no memory.

#include <memory>
#include <type_traits>
#include <utility>

namespace filestore {

template <class Signature>
class FunctionRef;

/// Refers to a callable object, which must outlive it. A value.
template <class Answer, class... Arguments>
class FunctionRef<Answer(Arguments...)> {
public:
    template <class Callable>
        requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef>)
    FunctionRef(Callable&& callable) noexcept
        : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
          call_([](void* object, Arguments... arguments) -> Answer {
              return (*static_cast<std::remove_reference_t<Callable>*>(object))(
                  std::forward<Arguments>(arguments)...);
          }) {}

    Answer operator()(Arguments... arguments) const {
        return call_(object_, std::forward<Arguments>(arguments)...);
    }

private:
    void* object_;
    Answer (*call_)(void* object, Arguments... arguments);
};

}  // namespace filestore
