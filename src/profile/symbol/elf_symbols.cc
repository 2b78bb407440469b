// Every offset of the file is checked before it is followed; symbols are sorted by address. Threads: see the header.
#include "profile/symbol/elf_symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "profile/unwind/build_id.h"

namespace nanospan::profile {
namespace {

constexpr std::size_t kSymbolsMax = 4u << 20;

template <class T>
std::optional<T> at(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::string_view content(std::string_view bytes, const Elf64_Shdr& section) {
  if (section.sh_type == SHT_NOBITS || section.sh_offset > bytes.size() ||
      section.sh_size > bytes.size() - section.sh_offset) {
    return {};
  }
  return bytes.substr(section.sh_offset, section.sh_size);
}

std::vector<Elf64_Shdr> sections_of(std::string_view bytes) {
  std::vector<Elf64_Shdr> sections;
  const auto header = at<Elf64_Ehdr>(bytes, 0);
  if (!header || header->e_shentsize != sizeof(Elf64_Shdr)) return sections;
  for (std::size_t i = 0; i < header->e_shnum; ++i) {
    const auto section = at<Elf64_Shdr>(bytes, header->e_shoff + i * sizeof(Elf64_Shdr));
    if (!section) break;
    sections.push_back(*section);
  }
  return sections;
}

/// A file mapped for reading.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    struct stat status {};
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
      size_ = static_cast<std::size_t>(status.st_size);
      void* const memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
      if (memory != MAP_FAILED) memory_ = memory;
    }
    ::close(fd);
  }
  ~MappedFile() {
    if (memory_ != nullptr) ::munmap(memory_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const {
    return memory_ == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(memory_), size_);
  }

 private:
  void* memory_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace

Result<ElfSymbols> ElfSymbols::read_file(const std::string& path, std::string_view build_id) {
  const MappedFile file(path);
  if (file.bytes().empty()) return Error{ErrorCode::kNotFound, path + " cannot be read"};
  Result<ElfSymbols> symbols = read(file.bytes());
  if (symbols && !build_id.empty() && symbols->build_id() != build_id) {
    return Error{ErrorCode::kNotFound, path + " is not the file that was loaded"};
  }
  return symbols;
}

Result<ElfSymbols> ElfSymbols::read(std::string_view bytes) {
  const auto header = at<Elf64_Ehdr>(bytes, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_ident[EI_DATA] != ELFDATA2LSB) {
    return Error{ErrorCode::kMalformed, "not a 64-bit ELF file"};
  }
  const std::vector<Elf64_Shdr> sections = sections_of(bytes);
  const Elf64_Shdr* table = nullptr;
  ElfSymbols made;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type == SHT_NOTE && made.build_id_.empty()) made.build_id_ = build_id_in(content(bytes, section));
    const bool better = section.sh_type == SHT_SYMTAB || (section.sh_type == SHT_DYNSYM && table == nullptr);
    if (better && section.sh_link < sections.size()) table = &section;
  }
  if (table == nullptr) return made;
  const std::string_view entries = content(bytes, *table);
  const std::string_view texts = content(bytes, sections[table->sh_link]);
  const std::size_t count = std::min(entries.size() / sizeof(Elf64_Sym), kSymbolsMax);
  for (std::size_t i = 0; i < count; ++i) {
    const Elf64_Sym symbol = *at<Elf64_Sym>(entries, i * sizeof(Elf64_Sym));
    const unsigned type = ELF64_ST_TYPE(symbol.st_info);
    if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF) continue;
    if (symbol.st_name >= texts.size()) continue;
    const std::string_view name = texts.substr(symbol.st_name, texts.find('\0', symbol.st_name) - symbol.st_name);
    if (name.empty() || made.names_.size() + name.size() >= UINT32_MAX) continue;
    made.symbols_.push_back({symbol.st_value,
                             static_cast<std::uint32_t>(std::min<std::uint64_t>(symbol.st_size, UINT32_MAX)),
                             static_cast<std::uint32_t>(made.names_.size())});
    made.names_.append(name).push_back('\0');
  }
  // Of several names of one function the first in the table stays: aliases come later.
  std::stable_sort(made.symbols_.begin(), made.symbols_.end(),
                   [](const Symbol& a, const Symbol& b) { return a.begin < b.begin; });
  made.symbols_.erase(
      std::unique(made.symbols_.begin(), made.symbols_.end(),
                  [](const Symbol& a, const Symbol& b) { return a.begin == b.begin && b.size <= a.size; }),
      made.symbols_.end());
  return made;
}

std::string_view ElfSymbols::name_of(std::uint64_t address) const {
  auto after = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                                [](std::uint64_t value, const Symbol& symbol) { return value < symbol.begin; });
  if (after == symbols_.begin()) return {};
  const Symbol& symbol = *--after;
  // Hand-written functions have no size: they reach to the next one.
  if (symbol.size != 0 && address - symbol.begin >= symbol.size) return {};
  return std::string_view(names_.c_str() + symbol.name);
}

}  // namespace nanospan::profile
