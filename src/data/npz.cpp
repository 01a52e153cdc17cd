// npz: a zip archive of npy arrays (PKWARE APPNOTE 6.3: end record 4.3.16, zip64 4.3.14 and 4.5.3,
// central directory 4.3.12, local header 4.3.7). Stored members are read where they lie.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/readers.hpp"

namespace quartic::data {
namespace {

constexpr std::uint64_t end_bytes = 22, entry_bytes = 46, local_bytes = 30, longest_comment = 65535;
constexpr std::uint64_t longest_directory = std::uint64_t{1} << 26;

struct Member {
  std::string name;
  int flags = 0, method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0, size = 0, header = 0;
};

std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t k = count; k-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[at + k]);
  return value;
}

class Archive {
 public:
  Archive(const DataPlace& place, const Bytes& bytes) : place_(place), bytes_(bytes) {
    read_directory();
  }
  const std::vector<Member>& members() const { return members_; }

  /// The bytes of a member, unpacked if need be.
  Bytes open(const Member& member) const {
    if (member.flags & 1) refuse(place_, "it is encrypted", "save it by numpy.savez");
    const std::string local = text(member.header, local_bytes);
    if (!local.starts_with("PK\x03\x04")) damaged();
    const std::uint64_t data =
        member.header + local_bytes + little(local, 26, 2) + little(local, 28, 2);
    if (data > bytes_->size() || member.packed > bytes_->size() - data) damaged();
    const Bytes packed = section(bytes_, data, member.packed);
    if (member.method == 0 && member.packed == member.size && member.size > 0) return packed;
    if (member.method != 8 || member.size > max_inflation * member.packed) damaged();
    return unpack_deflate(place_, *packed, member.size, member.crc);
  }

 private:
  [[noreturn]] void damaged() const { refuse(place_, "it is no whole npz archive", fetch_again); }

  std::string text(std::uint64_t offset, std::uint64_t count) const {
    if (offset > bytes_->size() || count > bytes_->size() - offset) damaged();
    std::string out(count, '\0');
    bytes_->read(offset, std::as_writable_bytes(std::span(out)));
    return out;
  }

  void read_directory() {
    const std::uint64_t tail = std::min(bytes_->size(), end_bytes + longest_comment);
    const std::string end = text(bytes_->size() - tail, tail);
    const auto found = end.rfind("PK\x05\x06");
    if (found == std::string::npos || end.size() - found < end_bytes) damaged();
    std::uint64_t size = little(end, found + 12, 4), offset = little(end, found + 16, 4);
    if (offset == 0xFFFFFFFF || size == 0xFFFFFFFF || little(end, found + 10, 2) == 0xFFFF) {
      if (found < 20 || end.compare(found - 20, 4, "PK\x06\x07") != 0) damaged();
      const std::string wide = text(little(end, found - 12, 8), 56);
      if (!wide.starts_with("PK\x06\x06")) damaged();
      size = little(wide, 40, 8), offset = little(wide, 48, 8);
    }
    if (size > longest_directory) damaged();
    const std::string directory = text(offset, size);
    for (std::size_t at = 0; at < directory.size();) at = read_entry(directory, at);
  }

  std::size_t read_entry(const std::string& directory, std::size_t at) {
    if (directory.size() - at < entry_bytes || directory.compare(at, 4, "PK\x01\x02") != 0)
      damaged();
    const std::size_t name = little(directory, at + 28, 2), extra = little(directory, at + 30, 2);
    const std::size_t next = at + entry_bytes + name + extra + little(directory, at + 32, 2);
    if (next > directory.size()) damaged();
    Member member{.name = directory.substr(at + entry_bytes, name),
                  .flags = static_cast<int>(little(directory, at + 8, 2)),
                  .method = static_cast<int>(little(directory, at + 10, 2)),
                  .crc = static_cast<std::uint32_t>(little(directory, at + 16, 4)),
                  .packed = little(directory, at + 20, 4),
                  .size = little(directory, at + 24, 4),
                  .header = little(directory, at + 42, 4)};
    read_wide(directory.substr(at + entry_bytes + name, extra), member);
    if (member.name.ends_with(".npy")) members_.push_back(std::move(member));
    return next;
  }

  /// The zip64 extra field: 64-bit values of those that are all ones in the entry, in this order.
  void read_wide(std::string_view extra, Member& member) const {
    while (extra.size() >= 4) {
      const std::size_t size = little(extra, 2, 2);
      if (size > extra.size() - 4) damaged();
      std::string_view field = extra.substr(4, size);
      if (little(extra, 0, 2) == 1) {
        for (std::uint64_t* value : {&member.size, &member.packed, &member.header}) {
          if (*value != 0xFFFFFFFF) continue;
          if (field.size() < 8) damaged();
          *value = little(field, 0, 8);
          field.remove_prefix(8);
        }
      }
      extra.remove_prefix(4 + size);
    }
  }

  const DataPlace& place_;
  Bytes bytes_;
  std::vector<Member> members_;
};

std::string stem(const Member& member) {
  return member.name.substr(0, member.name.size() - 4);
}

const Member& choose(const std::vector<Member>& members, const DataPlace& place) {
  if (members.empty())
    refuse(place, "there is no npy array in this archive",
           "numpy.savez writes such; of a spreadsheet save the table as CSV");
  std::vector<std::string> names;
  for (const auto& member : members) {
    if (place.dataset == stem(member) || place.dataset == member.name) return member;
    if (names.size() < 8) names.push_back(printable(stem(member)));
  }
  if (place.dataset.empty() && members.size() == 1) return members.front();
  const std::string hint = fmt::format("dataset = one of: {}{}", fmt::join(names, ", "),
                                       names.size() < members.size() ? ", ..." : "");
  if (place.dataset.empty())
    refuse(place, fmt::format("it holds {} arrays, and none is named", members.size()), hint);
  refuse(place, fmt::format("it holds no array '{}'", place.dataset), hint);
}

}  // namespace

std::shared_ptr<const DataFile> open_npz(const DataPlace& place, const Bytes& bytes) {
  const Archive archive(place, bytes);
  const Member& member = choose(archive.members(), place);
  return open_npy(place, archive.open(member), DataFormat::npz, printable(stem(member)));
}

}  // namespace quartic::data
