// semantic-conventions docs/exceptions/exceptions-spans.md "exception.type": the fully-qualified class name.
#include <nanospan/detail/class_name.h>

#include <stdexcept>

#include <gtest/gtest.h>

namespace shop {

struct OutOfStock : std::out_of_range {
  using std::out_of_range::out_of_range;
};

template <class... Ts>
struct Nested : std::exception {};

}  // namespace shop

namespace nanospan::detail {
namespace {

TEST(ClassName, IsFullyQualified) {
  EXPECT_EQ(ClassName(std::runtime_error("x")).text(), "std::runtime_error");
  const shop::OutOfStock stock("x");
  const std::exception& base = stock;
  EXPECT_EQ(ClassName(base).text(), "shop::OutOfStock") << "the class of the object, not of the reference";
  EXPECT_EQ(ClassName(shop::Nested<int, char>()).text(), "shop::Nested<int, char>");
}

template <class T>
using Twice = shop::Nested<T, T>;

// Each level is some twenty bytes more mangled ("S1_" stands for what was there before), and twice as many demangled.
TEST(ClassName, IsLeftMangledWhereItWouldBeLong) {
  using Short = Twice<Twice<int>>;
  using Long = Twice<Twice<Twice<Twice<Twice<Twice<Short>>>>>>;
  EXPECT_EQ(ClassName(Short()).text(), "shop::Nested<shop::Nested<int, int>, shop::Nested<int, int> >");
  const Long exception;
  const ClassName name(exception);
  EXPECT_EQ(name.text(), typeid(Long).name());
  EXPECT_LT(name.text().size(), ClassName::kMangledMax);
}

}  // namespace
}  // namespace nanospan::detail
