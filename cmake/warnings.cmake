# nanospan_flags: how our own sources are compiled (never exported). nanospan_gtest: what unit test programs link.
# A warning is an error here, but not in a user's build with a compiler that knows more of them.
option(NANOSPAN_WERROR "Make warnings errors" ${PROJECT_IS_TOP_LEVEL})
add_library(nanospan_flags INTERFACE)
target_compile_options(nanospan_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${NANOSPAN_WERROR}>:-Werror>
  -fvisibility=hidden -fvisibility-inlines-hidden -ffunction-sections -fdata-sections)
target_link_libraries(nanospan_flags INTERFACE Threads::Threads)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(nanospan_flags INTERFACE -Wno-restrict)  # GCC bug 105651: false alarms in std::string at -O2
endif()
if(NANOSPAN_SANITIZE)
  add_compile_options(-fsanitize=${NANOSPAN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${NANOSPAN_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang") # g++ says itself which sanitizer it compiles for
    if(NANOSPAN_SANITIZE MATCHES address)
      add_compile_definitions(__SANITIZE_ADDRESS__)
    elseif(NANOSPAN_SANITIZE MATCHES thread)
      add_compile_definitions(__SANITIZE_THREAD__)
    endif()
  endif()
endif()
if(NANOSPAN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # coverage feedback from the libraries too
endif()

add_library(nanospan_gtest INTERFACE)
target_link_libraries(nanospan_gtest INTERFACE GTest::gmock GTest::gtest_main)
# Under sanitizers most of a test's compile time is the optimiser at work on the checks in GoogleTest's templates.
if(NANOSPAN_SANITIZE)
  target_compile_options(nanospan_gtest INTERFACE -O0)
endif()
