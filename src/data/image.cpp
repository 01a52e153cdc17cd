// Images as grey levels in [0, 1]: PNG and JPEG by stb_image, PNM here, because stb_image neither
// reads its text kinds nor heeds its largest value.
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>

#include "data/readers.hpp"
#include "data/stb_image.hpp"

namespace quartic::data {
namespace {

constexpr std::uint64_t max_pixels = std::uint64_t{1} << 24;
constexpr std::uint64_t max_bytes = std::uint64_t{1} << 30;

struct Image {
  std::size_t height = 0, width = 0;
  std::vector<float> grey;
};

/// ITU-R BT.601, on the values as they stand in the file (no gamma correction).
float luminance(float red, float green, float blue) {
  return 0.299f * red + 0.587f * green + 0.114f * blue;
}

void check_size(std::uint64_t width, std::uint64_t height, std::uint64_t most,
                const DataPlace& place) {
  if (width == 0 || height == 0) refuse(place, "the image has no pixels", fetch_again);
  if (width > max_pixels || height > max_pixels || width * height > max_pixels)
    refuse(place, fmt::format("an image of {} x {} pixels is larger than 2^24", height, width),
           "scale it down");
  if (width * height > most)
    refuse(
        place,
        fmt::format("its header claims {} x {} pixels, more than the file can hold", height, width),
        fetch_again);
}

std::uint64_t big(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t k = 0; k < count; ++k)
    value = value << 8 | static_cast<unsigned char>(bytes[at + k]);
  return value;
}

constexpr std::size_t max_codes = 256, table_head = 17;  // a class and sixteen counts

/// Of the tables in one DHT segment (ITU-T T.81, B.2.4.2), which begins with its length. Behind the
/// end of the file stb_image reads zeros.
bool is_sound_segment(std::string_view segment) {
  if (segment.size() < 2) return true;
  const std::size_t length = big(segment, 0, 2);
  for (std::size_t at = 2; at < length && at < segment.size();) {
    std::size_t codes = 0;
    for (std::size_t k = at + 1; k < at + table_head && k < segment.size(); ++k)
      codes += big(segment, k, 1);
    if (codes > max_codes) return false;
    at += table_head + codes;
  }
  return true;
}

/// The first byte behind the application and comment segments at the front of a JPEG. Those alone
/// may hold the two bytes of a DHT marker without being one.
std::size_t behind_metadata(std::string_view bytes) {
  std::size_t at = 2;
  while (bytes.size() - at >= 4 && bytes[at] == '\xFF') {
    const auto marker = static_cast<unsigned char>(bytes[at + 1]);
    const std::size_t next = at + 2 + big(bytes, at + 2, 2);
    if (((marker & 0xF0) != 0xE0 && marker != 0xFE) || next > bytes.size()) break;
    at = next;
  }
  return at;
}

/// Whether all chunks of a PNG are there with their checksums, which stb_image skips. O(size).
bool is_whole_png(std::string_view bytes) {
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
  for (std::size_t at = 8; bytes.size() >= at + 12;) {
    const std::uint64_t length = big(bytes, at, 4);
    if (length > bytes.size() - at - 12) return false;
    const auto sum = crc32(0, data + at + 4, static_cast<uInt>(length + 4));
    if (sum != big(bytes, at + 8 + length, 4)) return false;
    if (bytes.substr(at + 4, 4) == "IEND") return true;
    at += 12 + length;
  }
  return false;
}

/// Whether what a whole PNG packs is no more than its pixels can be: stb_image unpacks all of it
/// into memory. O(size of the pixels).
bool unpacks_within(std::string_view bytes, std::uint64_t width, std::uint64_t height) {
  constexpr std::uint64_t pixel_bytes = 8, row_bytes = 8;  // 16 bits a channel; filters, passes
  std::vector<std::string_view> parts;
  for (std::size_t at = 8; bytes.size() >= at + 12; at += 12 + big(bytes, at, 4))
    if (bytes.substr(at + 4, 4) == "IDAT") parts.push_back(bytes.substr(at + 8, big(bytes, at, 4)));
  return inflates_within(parts, pixel_bytes * width * height + row_bytes * (height + 8));
}

/// Whether every Huffman table of a JPEG has at most 256 codes: stb_image 2.27 writes beyond its
/// own tables otherwise. O(size).
bool has_sound_tables(std::string_view bytes) {
  for (auto at = bytes.find("\xFF\xC4", behind_metadata(bytes)); at != std::string_view::npos;
       at = bytes.find("\xFF\xC4", at + 2))
    if (!is_sound_segment(bytes.substr(at + 2))) return false;
  return true;
}

constexpr std::size_t png_signature = 8, png_depth = 24, png_colour = 25;
constexpr char png_grey = 0, png_palette = 3;

/// A whole PNG whose pixels name colours of a palette, as one whose grey levels are those names,
/// and the palette: of names beyond it stb_image reads memory that nobody has written.
std::pair<std::string, std::string_view> with_names_for_grey(std::string_view bytes) {
  std::string out(bytes.substr(0, png_signature));
  std::string_view palette;
  for (std::size_t at = png_signature; bytes.size() >= at + 12;) {
    const std::string_view chunk = bytes.substr(at, big(bytes, at, 4) + 12);
    const std::string_view type = chunk.substr(4, 4);
    if (type == "PLTE") palette = chunk.substr(8, chunk.size() - 12);
    if (type != "PLTE" && type != "tRNS") out += chunk;  // transparency of grey has another form
    if (type == "IEND") break;
    at += chunk.size();
  }
  out[png_colour] = png_grey;
  return {std::move(out), palette};
}

using Levels = std::unique_ptr<unsigned char, void (*)(void*)>;

/// Of a whole PNG with a palette.
Image read_palette(std::string_view bytes, const DataPlace& place) {
  const auto [names, palette] = with_names_for_grey(bytes);
  int width = 0, height = 0, channels = 0;
  const Levels levels(
      stbi_load_from_memory(reinterpret_cast<const unsigned char*>(names.data()),
                            static_cast<int>(names.size()), &width, &height, &channels, 1),
      stbi_image_free);
  if (!levels)
    refuse(place, fmt::format("its image is truncated or damaged ({})", stbi_failure_reason()),
           fetch_again);
  const int step = 255 / ((1 << names[png_depth]) - 1);  // stb_image spreads levels over a byte
  Image image{static_cast<std::size_t>(height), static_cast<std::size_t>(width), {}};
  image.grey.resize(image.height * image.width);
  for (std::size_t k = 0; k < image.grey.size(); ++k) {
    const auto name = static_cast<std::size_t>(levels.get()[k] / step);
    if (3 * name + 2 >= palette.size())
      refuse(place,
             fmt::format("a pixel has colour {} of a palette of {}", name, palette.size() / 3),
             fetch_again);
    const auto part = [&](std::size_t which) {
      return 257.0f * static_cast<unsigned char>(palette[3 * name + which]);
    };
    image.grey[k] = luminance(part(0), part(1), part(2)) / 65535.0f;
  }
  return image;
}

/// PNG and JPEG. Alpha is ignored.
Image read_stb(std::string_view bytes, const DataPlace& place) {
  if (bytes.front() == '\xFF' ? !has_sound_tables(bytes) : !is_whole_png(bytes))
    refuse(place, "its image is truncated or damaged", fetch_again);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const int size = static_cast<int>(bytes.size());
  int width = 0, height = 0, channels = 0;
  if (!stbi_info_from_memory(data, size, &width, &height, &channels))
    refuse(place, "it is no whole PNG or JPEG image", fetch_again);
  check_size(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height),
             8 * max_inflation * bytes.size(), place);
  if (bytes.front() != '\xFF' &&
      !unpacks_within(bytes, static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height)))
    refuse(place, fmt::format("it goes on beyond its {} x {} pixels", height, width), fetch_again);
  if (bytes.front() != '\xFF' && bytes[png_colour] == png_palette)
    return read_palette(bytes, place);
  const std::unique_ptr<unsigned short, void (*)(void*)> pixels(
      stbi_load_16_from_memory(data, size, &width, &height, &channels, 0), stbi_image_free);
  if (!pixels)
    refuse(place, fmt::format("its image is truncated or damaged ({})", stbi_failure_reason()),
           fetch_again);
  Image image{static_cast<std::size_t>(height), static_cast<std::size_t>(width), {}};
  image.grey.resize(image.height * image.width);
  const unsigned short* pixel = pixels.get();
  for (float& grey : image.grey) {
    const float first = pixel[0];
    grey = (channels < 3 ? first : luminance(first, pixel[1], pixel[2])) / 65535.0f;
    pixel += channels;
  }
  return image;
}

/// PNM (netpbm.sourceforge.net/doc/pgm.html): P1 to P6, without a second image behind.
class Pnm {
 public:
  Pnm(std::string_view bytes, const DataPlace& place) : bytes_(bytes), place_(place) {}

  Image read() {
    const int kind = bytes_[1] - '0';
    const bool text = kind <= 3, bits = kind == 1 || kind == 4, colour = kind == 3 || kind == 6;
    at_ = 2;
    const std::uint64_t width = number(), height = number(), top = bits ? 1 : number();
    check_size(width, height, 8 * bytes_.size(), place_);
    if (top < 1 || top > 65535)
      refuse(place_, fmt::format("its largest value is {}", top),
             "a PNM image has a largest value from 1 to 65535");
    if (!text) ++at_;  // one white space
    Image image{height, width, std::vector<float>(height * width)};
    for (std::size_t y = 0; y < height; ++y) {
      for (std::size_t x = 0; x < width; ++x) {
        float& grey = image.grey[y * width + x];
        if (bits)
          grey = text ? 1.0f - digit() : 1.0f - bit(y, x, width);  // 1 is black
        else if (!colour)
          grey = value(text, top);
        else
          grey = colours(text, top);
      }
    }
    return image;
  }

 private:
  [[noreturn]] void truncated() const {
    refuse(place_, "its PNM image is truncated or damaged", fetch_again);
  }

  void skip() {
    while (at_ < bytes_.size()) {
      if (bytes_[at_] == '#')
        at_ = std::min(bytes_.find('\n', at_), bytes_.size());
      else if (!std::isspace(static_cast<unsigned char>(bytes_[at_])))
        return;
      else
        ++at_;
    }
  }
  std::uint64_t number() {
    skip();
    std::uint64_t value = 0;
    const char* const begin = bytes_.data() + std::min(at_, bytes_.size());
    const auto [end, error] = std::from_chars(begin, bytes_.data() + bytes_.size(), value);
    if (error != std::errc{}) truncated();
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }
  float digit() {
    skip();
    if (at_ >= bytes_.size() || (bytes_[at_] != '0' && bytes_[at_] != '1')) truncated();
    return static_cast<float>(bytes_[at_++] - '0');
  }
  float bit(std::size_t y, std::size_t x, std::size_t width) const {
    const std::size_t byte = at_ + y * ((width + 7) / 8) + x / 8;
    if (byte >= bytes_.size()) truncated();
    return static_cast<float>(static_cast<unsigned char>(bytes_[byte]) >> (7 - x % 8) & 1);
  }
  float value(bool text, std::uint64_t top) {
    std::uint64_t level = 0;
    if (text) {
      level = number();
    } else {
      const std::size_t size = top > 255 ? 2 : 1;
      if (at_ > bytes_.size() || size > bytes_.size() - at_) truncated();
      for (std::size_t k = 0; k < size; ++k)
        level = level << 8 | static_cast<unsigned char>(bytes_[at_++]);
    }
    if (level > top)
      refuse(place_, fmt::format("a pixel of value {} exceeds its largest value {}", level, top),
             fetch_again);
    return static_cast<float>(level) / static_cast<float>(top);
  }
  float colours(bool text, std::uint64_t top) {
    const float red = value(text, top), green = value(text, top);
    return luminance(red, green, value(text, top));
  }

  std::string_view bytes_;
  const DataPlace& place_;
  std::size_t at_ = 0;
};

bool is_pnm(std::string_view head) {
  return head.size() > 3 && head[0] == 'P' && head[1] >= '1' && head[1] <= '6' &&
         (std::isspace(static_cast<unsigned char>(head[2])) || head[2] == '#');
}

Image read_image(const DataPlace& place, const ByteSource& source) {
  if (source.size() > max_bytes)
    refuse(place, "an image file is larger than 1 GiB", "scale it down");
  const std::string bytes = source.head(static_cast<std::size_t>(source.size()));
  if (!looks_like_image(bytes))
    refuse(place, "it is no PNG, JPEG or PNM image", "convert it to one of them");
  return is_pnm(bytes) ? Pnm(bytes, place).read() : read_stb(bytes, place);
}

bool named_as_image(const std::filesystem::path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto* known : {".png", ".jpg", ".jpeg", ".pgm", ".ppm", ".pnm", ".pbm"})
    if (extension == known) return true;
  return false;
}

/// As shells have it: other programs keep files of their own beside the images.
bool is_hidden(const std::filesystem::path& file) {
  return file.filename().native().starts_with('.');
}

std::vector<std::filesystem::path> images_in(const DataPlace& place) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(place.path, error))
    if (entry.is_regular_file(error) && named_as_image(entry.path()) && !is_hidden(entry.path()))
      files.push_back(entry.path());
  if (error) refuse(place, error.message(), "check the path, and that you may read it");
  if (files.empty())
    refuse(place, "there is no image in this folder", "images are *.png, *.jpg, *.jpeg, *.p?m");
  std::sort(files.begin(), files.end());
  if (place.rows && files.size() > *place.rows) files.resize(*place.rows);
  return files;
}

}  // namespace

bool looks_like_image(std::string_view head) {
  return head.starts_with("\x89PNG\r\n\x1a\n") || head.starts_with("\xFF\xD8\xFF") || is_pnm(head);
}

std::shared_ptr<const DataFile> open_image(const DataPlace& place, const Bytes& bytes) {
  const Image image = read_image(place, *bytes);
  MatrixWriter<float> rows;
  rows.append(image.grey);
  return matrix_file(
      rows.finish(),
      {DataFormat::image, file_name(place), "grey level", {image.height, image.width}});
}

std::shared_ptr<const DataFile> open_images(const DataPlace& place) {
  const auto files = images_in(place);
  MatrixWriter<float> rows;
  std::vector<std::size_t> shape;
  for (const auto& file : files) {
    const DataPlace one{.path = file, .dataset = {}, .format = DataFormat::image, .rows = {}};
    const Image image = read_image(one, *open_bytes(file));
    const std::vector<std::size_t> found = {image.height, image.width};
    if (shape.empty()) shape = found;
    if (shape != found)
      refuse(one,
             fmt::format("its image has {} pixels, that of '{}' {}", shape_text(found),
                         files.front().filename().string(), shape_text(shape)),
             "images of a folder are rows: give all one size");
    rows.append(image.grey);
  }
  return matrix_file(rows.finish(), {DataFormat::image, file_name(place), "grey level", shape});
}

}  // namespace quartic::data
