// The inlined half of setting attributes: reserve, encode, commit, straight into a slab as OTLP bytes.
//
// A KeyValue with a short ASCII string, for example, is  4A len 0A key_len key... 12 len 0A len value...
// Every length is known at the call, so nothing is patched afterwards. What is not a new key, short and ASCII
// (duplicates, limits, repair, growth, spans shared between threads) goes to Api::set by one unlikely jump. HOT:
// bench/span_bench "live/W3"; counts W3_* in tests/budgets/baseline.json.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <nanospan/attributes.h>
#include <nanospan/detail/abi.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace nanospan {
inline namespace v0 {
namespace detail {

/// Longest KeyValue message written inline: its length, and all lengths in it, take one byte.
inline constexpr std::size_t kInlineMessageMax = 127;
inline constexpr std::size_t kInlineKeyMax = 90;

template <class T>
NANOSPAN_INLINE void store(std::uint8_t* to, T value) {
  static_assert(std::endian::native == std::endian::little, "fixed-width protobuf fields are little-endian");
  __builtin_memcpy(to, &value, sizeof value);
}
template <class T>
NANOSPAN_INLINE T load(const void* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

/// The cursor may be read by the owner while another thread appends under the lock of a shared span; such a read only
/// sends the owner to the locked path, so relaxed is enough.
NANOSPAN_INLINE std::uint8_t* load_cursor(const Slab* slab) { return __atomic_load_n(&slab->cursor, __ATOMIC_RELAXED); }
NANOSPAN_INLINE void store_cursor(Slab* slab, std::uint8_t* cursor) {
  __atomic_store_n(&slab->cursor, cursor, __ATOMIC_RELAXED);
}

/// The same for the flags: the owner looks whether the span is shared before it takes the lock.
NANOSPAN_INLINE std::uint32_t load_cold(const Slab* slab) { return __atomic_load_n(&slab->cold, __ATOMIC_RELAXED); }
NANOSPAN_INLINE void add_cold(Slab* slab, std::uint32_t flags) {
  __atomic_store_n(&slab->cold, load_cold(slab) | flags, __ATOMIC_RELAXED);
}

/// Copies at most 127 bytes; returns non-zero if any of them is not ASCII.
NANOSPAN_INLINE std::uint64_t copy_text(std::uint8_t* to, const char* from, std::size_t size) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
#if defined(__SSE2__)
  if (size >= 16) {
    const auto at = [](const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); };
    const auto put = [](void* p, __m128i v) { _mm_storeu_si128(static_cast<__m128i*>(p), v); };
    const __m128i head = at(from);
    const __m128i tail = at(from + size - 16);
    __m128i seen = _mm_or_si128(head, tail);
    for (std::size_t i = 16; i + 16 < size; i += 16) {
      const __m128i middle = at(from + i);
      seen = _mm_or_si128(seen, middle);
      put(to + i, middle);
    }
    put(to, head);
    put(to + size - 16, tail);
    return static_cast<std::uint32_t>(_mm_movemask_epi8(seen));
  }
#else
  if (size >= 16) {
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      const auto word = load<std::uint64_t>(from + i);
      seen |= word;
      store(to + i, word);
    }
    const auto last = load<std::uint64_t>(from + size - 8);
    store(to + size - 8, last);
    return (seen | last) & kHighBits;
  }
#endif
  if (size >= 8) {
    const auto head = load<std::uint64_t>(from);
    const auto tail = load<std::uint64_t>(from + size - 8);
    store(to, head);
    store(to + size - 8, tail);
    return (head | tail) & kHighBits;
  }
  if (size >= 4) {
    const auto head = load<std::uint32_t>(from);
    const auto tail = load<std::uint32_t>(from + size - 4);
    store(to, head);
    store(to + size - 4, tail);
    return (head | tail) & kHighBits;
  }
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < size; ++i) {
    to[i] = static_cast<std::uint8_t>(from[i]);
    seen |= to[i];
  }
  return seen & 0x80;
}

NANOSPAN_INLINE std::uint8_t* put_varint(std::uint8_t* to, std::uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<std::uint8_t>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<std::uint8_t>(value);
  return to;
}

/// Whether one of the keys has this fingerprint. REQUIRES: no more keys than fingerprints.
NANOSPAN_INLINE bool has_fingerprint(const Slab* slab, std::uint32_t fingerprint) {
  const std::uint32_t keys = slab->keys;
  std::uint32_t i = 0;
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(fingerprint));
  __m128i seen = _mm_setzero_si128();
  for (; i + 4 <= keys; i += 4) {
    const auto* four = reinterpret_cast<const __m128i*>(slab->fingerprints + i);
    seen = _mm_or_si128(seen, _mm_cmpeq_epi32(wanted, _mm_load_si128(four)));
  }
  if (_mm_movemask_epi8(seen) != 0) return true;
#endif
  for (; i < keys; ++i) {
    if (slab->fingerprints[i] == fingerprint) return true;
  }
  return false;
}

/// The bloom bit of a key is set: is its fingerprint really there, or the count limit reached? Near the limit all bits
/// are set from here on, so that each further key comes here and none passes it.
[[gnu::noinline]] inline bool needs_checked_set(Slab* slab, std::uint32_t fingerprint) {
  const std::uint32_t keys = slab->keys, unchecked = slab->core->unchecked_keys;
  if (keys >= unchecked) [[unlikely]] {
    if (unchecked == 0 || keys >= unchecked + Slab::kBloomBits) return true;
    slab->bloom = ~std::uint64_t{0};
  }
  return has_fingerprint(slab, fingerprint);
}

/// Where a new attribute may be written, or null if it must take the checked path.
NANOSPAN_INLINE std::uint8_t* reserve_attribute(Slab* slab, std::uint64_t hash) {
  std::uint8_t* cursor = load_cursor(slab);
  if (cursor >= slab->limit) [[unlikely]]
    return nullptr;
  if (((slab->bloom >> (hash >> 58)) & 1) != 0) [[unlikely]] {
    if (needs_checked_set(slab, static_cast<std::uint32_t>(hash))) return nullptr;
  }
  return cursor;
}

NANOSPAN_INLINE void commit_attribute(Slab* slab, std::uint64_t hash, std::uint8_t* end) {
  slab->fingerprints[slab->keys++] = static_cast<std::uint32_t>(hash);
  slab->bloom |= std::uint64_t{1} << (hash >> 58);
  store_cursor(slab, end);
}

/// 4A len 0A key_len key; the message length is patched in by the caller, who knows it after the value. Returns where
/// the value goes. `bad` collects non-ASCII bits.
NANOSPAN_INLINE std::uint8_t* put_key(std::uint8_t* at, const Literal& key, std::uint64_t&) {
  at[0] = Tags::kAttribute;
  at[2] = Tags::kKey;
  at[3] = static_cast<std::uint8_t>(key.size());
  __builtin_memcpy(at + 4, key.data(), key.size());
  return at + 4 + key.size();
}
NANOSPAN_INLINE std::uint8_t* put_key(std::uint8_t* at, std::string_view key, std::uint64_t& bad) {
  at[0] = Tags::kAttribute;
  at[2] = Tags::kKey;
  at[3] = static_cast<std::uint8_t>(key.size());
  bad |= copy_text(at + 4, key.data(), key.size());
  return at + 4 + key.size();
}

NANOSPAN_INLINE bool key_fits(const Literal& key) { return key.is_ascii() && key.size() <= kInlineKeyMax; }
NANOSPAN_INLINE bool key_fits(std::string_view key) { return key.size() - 1 < kInlineKeyMax; }
NANOSPAN_INLINE std::uint64_t key_hash(const Literal& key) { return key.hash(); }
NANOSPAN_INLINE std::uint64_t key_hash(std::string_view key) { return Literal::hash_of(key.data(), key.size()); }

// Each returns false, with nothing changed, if the checked path must do it.

template <class Key>
NANOSPAN_INLINE bool append_value(Slab* slab, const Key& key, std::string_view value) {
  if (!key_fits(key) || value.size() > kInlineMessageMax - 6 - key.size()) [[unlikely]]
    return false;
  const std::uint64_t hash = key_hash(key);
  std::uint8_t* const at = reserve_attribute(slab, hash);
  if (at == nullptr) [[unlikely]]
    return false;
  std::uint64_t bad = 0;
  std::uint8_t* const any = put_key(at, key, bad);
  const auto size = static_cast<std::uint32_t>(value.size());
  store<std::uint32_t>(any, (Tags::kValue | 2U << 8 | Tags::kString << 16) + size * 0x01000100U);  // 12 size+2 0A size
  bad |= copy_text(any + 4, value.data(), size);
  if (bad != 0) [[unlikely]]
    return false;
  at[1] = static_cast<std::uint8_t>(key.size() + 6 + size);
  commit_attribute(slab, hash, any + 4 + size);
  return true;
}

template <class Key>
NANOSPAN_INLINE bool append_value(Slab* slab, const Key& key, bool value) {
  if (!key_fits(key)) [[unlikely]]
    return false;
  const std::uint64_t hash = key_hash(key);
  std::uint8_t* const at = reserve_attribute(slab, hash);
  if (at == nullptr) [[unlikely]]
    return false;
  std::uint64_t bad = 0;
  std::uint8_t* const any = put_key(at, key, bad);
  if (bad != 0) [[unlikely]]
    return false;
  // 12 02 10 value
  store<std::uint32_t>(any, Tags::kValue | 2U << 8 | Tags::kBool << 16 | static_cast<std::uint32_t>(value) << 24);
  at[1] = static_cast<std::uint8_t>(key.size() + 6);
  commit_attribute(slab, hash, any + 4);
  return true;
}

template <class Key>
NANOSPAN_INLINE bool append_value(Slab* slab, const Key& key, std::int64_t value) {
  if (!key_fits(key)) [[unlikely]]
    return false;
  const std::uint64_t hash = key_hash(key);
  std::uint8_t* const at = reserve_attribute(slab, hash);
  if (at == nullptr) [[unlikely]]
    return false;
  std::uint64_t bad = 0;
  std::uint8_t* const any = put_key(at, key, bad);
  if (bad != 0) [[unlikely]]
    return false;
  std::uint8_t* const end = put_varint(any + 3, static_cast<std::uint64_t>(value));
  any[0] = Tags::kValue;
  any[1] = static_cast<std::uint8_t>(end - any - 2);
  any[2] = Tags::kInt;
  at[1] = static_cast<std::uint8_t>(end - at - 2);
  commit_attribute(slab, hash, end);
  return true;
}

template <class Key>
NANOSPAN_INLINE bool append_value(Slab* slab, const Key& key, double value) {
  if (!key_fits(key)) [[unlikely]]
    return false;
  const std::uint64_t hash = key_hash(key);
  std::uint8_t* const at = reserve_attribute(slab, hash);
  if (at == nullptr) [[unlikely]]
    return false;
  std::uint64_t bad = 0;
  std::uint8_t* const any = put_key(at, key, bad);
  if (bad != 0) [[unlikely]]
    return false;
  any[0] = Tags::kValue;
  any[1] = 9;
  any[2] = Tags::kDouble;
  store(any + 3, value);
  at[1] = static_cast<std::uint8_t>(key.size() + 13);
  commit_attribute(slab, hash, any + 11);
  return true;
}

/// Sets `key`, inline if it can be. `generation` is 0 for the owner.
template <class Key, class Value>
NANOSPAN_INLINE void set_attribute(Slab* slab, std::uint64_t generation, const Key& key, const Value& value) {
  if constexpr (std::is_same_v<Value, bool>) {
    if (append_value(slab, key, value)) [[likely]]
      return;
  } else if constexpr (std::is_integral_v<Value>) {
    if (append_value(slab, key, static_cast<std::int64_t>(value))) [[likely]]
      return;
  } else if constexpr (std::is_floating_point_v<Value>) {
    if (append_value(slab, key, static_cast<double>(value))) [[likely]]
      return;
  } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
    if constexpr (std::is_pointer_v<Value>) {
      if (value == nullptr) [[unlikely]]
        return api()->set(slab, generation, key, AttributeValue());
    }
    if (append_value(slab, key, std::string_view(value))) [[likely]]
      return;
  }
  api()->set(slab, generation, key, AttributeValue(value));
}

/// Sets each of a list, inline where it can be. Once in the program, as a list's call site should stay small.
[[gnu::noinline]] inline void set_attributes(Slab* slab, std::uint64_t generation, const Attributes& attributes) {
  for (const Attribute& attribute : attributes) {
    const AttributeValue& value = attribute.value;
    switch (value.type()) {
      case AttributeValue::Type::kString:
        set_attribute(slab, generation, attribute.key, value.as_string());
        break;
      case AttributeValue::Type::kInt:
        set_attribute(slab, generation, attribute.key, value.as_int());
        break;
      case AttributeValue::Type::kBool:
        set_attribute(slab, generation, attribute.key, value.as_bool());
        break;
      case AttributeValue::Type::kDouble:
        set_attribute(slab, generation, attribute.key, value.as_double());
        break;
      default:
        api()->set(slab, generation, attribute.key, value);
    }
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace nanospan
