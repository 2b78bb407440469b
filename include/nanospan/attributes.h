// Attributes: keys and values as the specification's AnyValue, by view, without copying.
//
// AttributeValue and Attribute do not own what they point at: they live for the call that takes them. AttributeList
// owns its content, for lists that are kept and reused. All are as thread-safe as an int. Source: common/README.md
// "Attribute" and "AnyValue" (all types are allowed on every attribute since 1.51).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace nanospan {
inline namespace v0 {

class AttributeValue;
struct Attribute;

namespace detail {
// What a list of T is as an attribute value, as AttributeValue::Type; 0 = nothing. Plain specialisations, not the
// constructors of std::span: checking those for each candidate took half the time to compile a file with this header.
template <class T>
inline constexpr int kTypeOfElement = 0;
template <>
inline constexpr int kTypeOfElement<std::uint8_t> = 5;
template <>
inline constexpr int kTypeOfElement<bool> = 6;
template <>
inline constexpr int kTypeOfElement<std::int64_t> = 7;
template <>
inline constexpr int kTypeOfElement<double> = 8;
template <>
inline constexpr int kTypeOfElement<std::string_view> = 9;
template <>
inline constexpr int kTypeOfElement<AttributeValue> = 10;
template <>
inline constexpr int kTypeOfElement<Attribute> = 11;

template <class List>
inline constexpr int kTypeOfList = 0;
template <class List>
requires requires(const List& list) { *list.data(), list.size(); }
inline constexpr int kTypeOfList<List> =
    kTypeOfElement<std::remove_cvref_t<decltype(*static_cast<const List*>(nullptr)->data())>>;
}  // namespace detail

/// A view of one value: empty, bool, int64, double, string, bytes, array or map.
///
/// Arrays of one type are made from std::span, or from a vector or array of them; arrays of mixed values and maps from
/// std::span<const AttributeValue> and std::span<const Attribute>. There is no null: the empty value, AttributeValue(),
/// is a value of its own and is kept. Unsigned 64-bit values above the int64 range wrap, as protobuf int64 has no more.
class AttributeValue {
 public:
  enum class Type : std::uint8_t {
    kEmpty,
    kBool,
    kInt,
    kDouble,
    kString,
    kBytes,
    kBoolArray,
    kIntArray,
    kDoubleArray,
    kStringArray,
    kArray,
    kMap,
  };

  constexpr AttributeValue() = default;
  /// Only a bool: a pointer would become one.
  template <class T>
  requires std::is_same_v<T, bool>
  constexpr AttributeValue(T value) : type_(Type::kBool) { bits_.boolean = value; }
  template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) constexpr AttributeValue(T value) : type_(Type::kInt) {
    bits_.integer = static_cast<std::int64_t>(value);
  }
  constexpr AttributeValue(double value) : type_(Type::kDouble) { bits_.real = value; }
  constexpr AttributeValue(std::string_view value) : type_(Type::kString), size_(value.size()) {
    bits_.pointer = value.data();
  }
  /// Null, as getenv() may give it, is the empty value.
  constexpr AttributeValue(const char* value)
      : AttributeValue(value != nullptr ? AttributeValue(std::string_view(value)) : AttributeValue()) {}
  AttributeValue(const std::string& value) : AttributeValue(std::string_view(value)) {}
  /// Bytes (std::uint8_t; not text: sent as bytes_value), arrays and maps: anything contiguous with data() and size().
  template <class List>
  requires(detail::kTypeOfList<List> != 0) constexpr AttributeValue(const List& values)
      : type_(static_cast<Type>(detail::kTypeOfList<List>)), size_(values.size()) {
    bits_.pointer = values.data();
  }

  constexpr Type type() const { return type_; }

  // Each REQUIRES the type of its name.
  constexpr bool as_bool() const { return bits_.boolean; }
  constexpr std::int64_t as_int() const { return bits_.integer; }
  constexpr double as_double() const { return bits_.real; }
  std::string_view as_string() const { return {static_cast<const char*>(bits_.pointer), size_}; }
  std::span<const std::uint8_t> as_bytes() const { return as_span<std::uint8_t>(); }
  std::span<const bool> as_bools() const { return as_span<bool>(); }
  std::span<const std::int64_t> as_ints() const { return as_span<std::int64_t>(); }
  std::span<const double> as_doubles() const { return as_span<double>(); }
  std::span<const std::string_view> as_strings() const { return as_span<std::string_view>(); }
  std::span<const AttributeValue> as_array() const { return as_span<AttributeValue>(); }
  std::span<const Attribute> as_map() const;

 private:
  template <class T>
  std::span<const T> as_span() const {
    return {static_cast<const T*>(bits_.pointer), size_};
  }

  union Bits {
    bool boolean;
    std::int64_t integer;
    double real;
    const void* pointer;
  };
  Type type_ = Type::kEmpty;
  std::size_t size_ = 0;
  Bits bits_{.integer = 0};
};

/// A key and a value, both by view.
///
/// The key is not empty (an attribute with an empty key is discarded and counted as dropped) and is case sensitive.
struct Attribute {
  std::string_view key;
  AttributeValue value;
};

inline std::span<const Attribute> AttributeValue::as_map() const { return as_span<Attribute>(); }

/// A view of attributes that the caller keeps for the length of the call: a braced list, an array, a vector, or an
/// AttributeList. Like std::string_view it keeps nothing alive: pass it on, never store it; AttributeList is for
/// keeping. Of equal keys the last one wins.
class Attributes {
 public:
  constexpr Attributes() = default;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winit-list-lifetime"  // a view for the length of the call, like std::string_view
#endif
  constexpr Attributes(std::initializer_list<Attribute> list) : data_(list.begin()), size_(list.size()) {}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
  template <std::size_t N>
  constexpr Attributes(const Attribute (&list)[N]) : data_(list), size_(N) {}
  /// A span, a vector, an array of them.
  template <class List>
  requires(detail::kTypeOfList<List> == detail::kTypeOfElement<Attribute>) constexpr Attributes(const List& list)
      : data_(list.data()), size_(list.size()) {}

  constexpr const Attribute* begin() const { return data_; }
  constexpr const Attribute* end() const { return data_ + size_; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }

 private:
  const Attribute* data_ = nullptr;
  std::size_t size_ = 0;
};

namespace detail {
// Declared, never defined: a call from the consteval constructor below is the compile error that the user reads. (A
// throw would say the same, but not where exceptions are off.)
void a_key_or_name_must_be_a_non_empty_string_literal();
void a_key_or_name_must_not_contain_a_zero_byte();

// Before 17, clang lets the other temporaries of an expression live on after it if a consteval constructor is called
// there (LLVM issue 60709): a temporary span would end too late. For it, Literal's constructor is an ordinary one that
// takes what this accepts; the optimiser folds the hash.
#if defined(__clang__) && __clang_major__ < 17
#define NANOSPAN_LITERAL_IS_CONSTEVAL 0
template <std::size_t N>
constexpr bool is_key_or_name(const char (&text)[N]) {
  for (std::size_t i = 0; i + 1 < N; ++i) {
    if (text[i] == '\0') return false;
  }
  return N >= 2 && text[N - 1] == '\0';
}
#else
#define NANOSPAN_LITERAL_IS_CONSTEVAL 1
#endif
}  // namespace detail

/// Text known at compile time. Written as a literal where it is expected, its hash and its check for ASCII cost nothing
/// at run time; other text takes the overloads for std::string_view.
class Literal {
 public:
#if NANOSPAN_LITERAL_IS_CONSTEVAL
  template <std::size_t N>
  consteval Literal(const char (&text)[N]) : data_(text), size_(N - 1), hash_(hash_of(text, N - 1)) {
    if (N < 2 || text[N - 1] != '\0') detail::a_key_or_name_must_be_a_non_empty_string_literal();
    for (std::size_t i = 0; i + 1 < N; ++i) {
      if (text[i] == '\0') detail::a_key_or_name_must_not_contain_a_zero_byte();
      if (static_cast<unsigned char>(text[i]) >= 0x80) ascii_ = false;
    }
  }
#else
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wgcc-compat"
  template <std::size_t N>
  constexpr Literal(const char (&text)[N])
      __attribute__((enable_if(detail::is_key_or_name(text), "a key or name must be a non-empty string literal")))
      : data_(text), size_(N - 1), hash_(hash_of(text, N - 1)) {
    for (std::size_t i = 0; i < size_; ++i) ascii_ = ascii_ && static_cast<unsigned char>(text[i]) < 0x80;
  }
#pragma clang diagnostic pop
#endif
#undef NANOSPAN_LITERAL_IS_CONSTEVAL

  constexpr const char* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr std::uint64_t hash() const { return hash_; }
  constexpr bool is_ascii() const { return ascii_; }
  constexpr operator std::string_view() const { return {data_, size_}; }

  /// The hash of any key: its length and its first and last eight bytes, mixed. Equal for equal text at compile and run
  /// time.
  static constexpr std::uint64_t hash_of(const char* text, std::size_t size) {
    if (size >= 8) return mix(size, load(text, 8), load(text + size - 8, 8));
    if (size >= 4) return mix(size, load(text, 4), load(text + size - 4, 4));
    return mix(size, load(text, size), 0);
  }

 private:
  static constexpr std::uint64_t load(const char* text, std::size_t size) {
    if (!std::is_constant_evaluated()) {
      if (size == 8) {
        std::uint64_t word;
        __builtin_memcpy(&word, text, 8);
        return little_endian(word);
      }
      if (size == 4) {
        std::uint32_t word;
        __builtin_memcpy(&word, text, 4);
        return little_endian(word);
      }
    }
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < size; ++i)
      word |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
    return word;
  }
  template <class T>
  static constexpr T little_endian(T word) {
    if constexpr (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) return word;
    return sizeof(T) == 8 ? static_cast<T>(__builtin_bswap64(word))
                          : static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(word)));
  }
  static constexpr std::uint64_t mix(std::uint64_t size, std::uint64_t head, std::uint64_t tail) {
    const std::uint64_t turned = (tail << 29) | (tail >> 35);
    const std::uint64_t h = (head ^ (size * 0x9E3779B97F4A7C15ULL)) * 0xA0761D6478BD642FULL + turned;
    return (h ^ (h >> 29)) * 0xE7037ED1A0B428DBULL;
  }

  const char* data_;
  std::size_t size_;
  std::uint64_t hash_;
  bool ascii_ = true;
};

/// Attributes that own their text, to be filled once and given to many spans.
class AttributeList {
 public:
  AttributeList() = default;
  AttributeList(std::initializer_list<Attribute> attributes) : AttributeList(Attributes(attributes)) {}
  /// Delegates, so that what has been added goes again if there is no memory for the rest.
  explicit AttributeList(Attributes attributes) : AttributeList() {
    for (const Attribute& attribute : attributes) add(attribute.key, attribute.value);
  }
  AttributeList(const AttributeList& other) : AttributeList(static_cast<Attributes>(other)) {}
  AttributeList(AttributeList&& other) noexcept { swap(other); }
  AttributeList& operator=(AttributeList other) noexcept {
    swap(other);
    return *this;
  }
  ~AttributeList() {
    while (blocks_ != nullptr) ::operator delete(std::exchange(blocks_, blocks_->next));
  }

  /// Sets `key`; of several settings the last one wins. Arrays and maps are copied whole.
  void add(std::string_view key, const AttributeValue& value) {
    for (std::size_t i = 0; i < size_; ++i) {
      if (views_[i].key == key) {
        views_[i].value = keep(value);
        return;
      }
    }
    if (size_ == capacity_) grow();
    ::new (static_cast<void*>(views_ + size_)) Attribute{keep(key), keep(value)};
    ++size_;
  }

  operator Attributes() const { return std::span<const Attribute>(views_, size_); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Attribute* begin() const { return views_; }
  const Attribute* end() const { return views_ + size_; }

 private:
  // Text, elements and the array of views lie in blocks that never move: views into them stay valid when the list grows
  // or moves. Not std::vector, five of which would be instantiated in every file that includes this.
  struct alignas(std::max_align_t) Block {
    Block* next;
  };

  void swap(AttributeList& other) noexcept {
    std::swap(views_, other.views_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(blocks_, other.blocks_);
  }
  template <class T>
  T* allocate(std::size_t count) {
    blocks_ = ::new (::operator new(sizeof(Block) + count * sizeof(T))) Block{blocks_};
    return reinterpret_cast<T*>(blocks_ + 1);
  }
  void grow() {
    const std::size_t capacity = capacity_ == 0 ? 4 : capacity_ * 2;
    Attribute* larger = allocate<Attribute>(capacity);
    for (std::size_t i = 0; i < size_; ++i) ::new (static_cast<void*>(larger + i)) Attribute(views_[i]);
    views_ = larger;
    capacity_ = capacity;
  }
  template <class T>
  static const T& keep(const T& plain) requires std::is_arithmetic_v<T> {
    return plain;
  }
  template <class T>
  std::span<const T> keep(std::span<const T> values) {
    T* copy = allocate<T>(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) ::new (static_cast<void*>(copy + i)) T(keep(values[i]));
    return {copy, values.size()};
  }
  std::string_view keep(std::string_view text) {
    char* copy = allocate<char>(text.size());
    return {copy, text.copy(copy, text.size())};
  }
  Attribute keep(const Attribute& attribute) { return {keep(attribute.key), keep(attribute.value)}; }
  AttributeValue keep(const AttributeValue& value);

  Attribute* views_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  Block* blocks_ = nullptr;
};

inline AttributeValue AttributeList::keep(const AttributeValue& value) {
  using Type = AttributeValue::Type;
  switch (value.type()) {
    case Type::kString:
      return keep(value.as_string());
    case Type::kBytes:
      return keep(value.as_bytes());
    case Type::kBoolArray:
      return keep(value.as_bools());
    case Type::kIntArray:
      return keep(value.as_ints());
    case Type::kDoubleArray:
      return keep(value.as_doubles());
    case Type::kStringArray:
      return keep(value.as_strings());
    case Type::kArray:
      return keep(value.as_array());
    case Type::kMap:
      return keep(value.as_map());
    default:
      return value;
  }
}

}  // namespace v0
}  // namespace nanospan
